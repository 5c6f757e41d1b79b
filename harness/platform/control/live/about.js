// Where the platform listens, what is assumed, and where to go from here.
import { button, copy, el, table } from "./dom.js";

const LISTENS = {
  http: "M2M uplinks (plain HTTP)", https: "Internet uplinks (TLS)", mqtt: "uplinks by MQTT, which the documents do not describe",
};

export function aboutView(state) {
  const { addresses, assumed } = state;
  const base = addresses.http ? `http://${addresses.http.replace("0.0.0.0", "127.0.0.1")}` : null;
  const tried = base ? `body='[{"bn":"urn:dev:IMEI:YOUR-IMEI:"},{"n":"temperature","u":"Cel","v":21.5}]'
token=$(printf '%s%s' "$body" "$SECRET" | sha256sum | cut -d ' ' -f 1)
curl -i ${base}/ingestion/m2m/senml/v1 -H 'Host: m.m' \\
  -H "Things-Message-Token: $token" -H 'Content-Type: application/json' --data-binary "$body"
` : "";
  return [
    el("h2", {}, "About this platform"),
    el("section", { class: "card" }, el("h3", {}, "Where it listens"),
      table(["For", "Address"], Object.entries(addresses).map(([name, where]) => [
        LISTENS[name] ?? name, el("code", {}, `${name}://${where}`),
      ]), "Nowhere yet."),
      base ? [el("h4", {}, "A first uplink from a shell"), el("pre", { class: "copied", tabindex: "0", "aria-label": "shell commands" }, tried),
        button("Copy", () => copy(tried, "The commands are"))] : null),
    el("section", { class: "card" }, el("h3", {}, "To take away"),
      el("p", {}, el("a", { href: "/api/timeline", download: "timeline.jsonl" }, "Export the timeline"), " – the newest events as JSON lines, secrets left out"),
      el("p", {}, el("a", { href: "/docs" }, "The control API"), " – everything on this page, for programs")),
    el("section", { class: "card" }, el("h3", {}, "Assumed"),
      el("p", { class: "dim" }, "What the platform's documents do not say, and what this platform does about it."),
      table(["What", "Here", "Why"], assumed.map((item) => [item.name, item.value, item.why]), "Nothing.")),
  ];
}
