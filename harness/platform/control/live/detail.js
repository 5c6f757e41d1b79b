// One uplink in every detail.
import { get } from "./api.js";
import { bytesView } from "./bytes.js";
import { button, copy, el, put, tabs, time } from "./dom.js";
import { number, plot } from "./plot.js";
import { outcomeSentence, outcomeWords, severityWords } from "./words.js";

export class Detail {
  constructor(context, onback) {
    this.context = context;
    this.tab = "findings";
    this.uplink = null;
    this.tabs = null;
    this.wanted = 0;
    this.back = button("← Uplinks", onback, { class: "quiet back" });
    this.content = el("div", {});
    this.node = el("section", { class: "detail", "aria-label": "The chosen uplink" }, this.back, this.content);
    put(this.content, el("p", { class: "empty" }, "Choose an uplink to see what was said about it, byte for byte."));
  }

  async show(exchange) {
    this.wanted = exchange;
    let uplink;
    try {
      uplink = await get(`/api/uplinks/${exchange}`);
    } catch (error) {
      if (this.wanted === exchange) put(this.content, el("p", { class: "empty" }, error.message));
      return;
    }
    if (this.wanted !== exchange) return; // another one was chosen meanwhile
    this.uplink = uplink;
    this.draw();
  }

  choose(index) {
    const name = ["findings", "token", "request", "senml", "answer", "again"][index];
    if (this.uplink && name) this.tabs.choose(name, true);
  }

  copyCurl() {
    if (this.uplink) copy(this.uplink.curl, "The curl command is");
  }

  copySteps() {
    if (this.uplink?.steps) copy(this.uplink.steps, "The scenario steps are");
  }

  draw() {
    const { uplink } = this;
    const broken = uplink.findings.length;
    this.tabs = tabs("Parts of the uplink", [
      { name: "findings", title: "Findings", mark: broken || null, make: () => this.findings() },
      { name: "token", title: "Token", make: () => token(uplink) },
      { name: "request", title: "Request", make: () => bytesView("How to show the request", parts(uplink)) },
      { name: "senml", title: "SenML", make: () => senml(uplink) },
      { name: "answer", title: "Answer", make: () => answer(uplink) },
      { name: "again", title: "Again", make: () => this.again() },
    ], this.tab, (name) => {
      this.tab = name;
    });
    const good = uplink.outcome === "accepted";
    put(this.content,
      el("header", { class: "detail-head" },
        el("h2", {}, `#${uplink.exchange} `, uplink.device ?? "unknown device"),
        el("p", {}, el("span", { class: `chip ${good ? "good" : "bad"}` }, outcomeWords(uplink.outcome)),
          uplink.mqtt ? el("span", { class: "chip warn" }, "MQTT, not described") : way(uplink),
          uplink.faults.map((fault) => el("span", { class: "chip warn" }, `disturbed: ${fault}`)),
          uplink.downlink ? el("span", { class: "chip" }, `took downlink ${uplink.downlink}`) : null),
        el("p", { class: "dim" }, `received ${time(uplink.received)} (scenario time) from ${uplink.peer}`),
        el("div", { class: "bar" },
          button("Copy as curl", () => this.copyCurl()),
          button("Copy as scenario step", () => this.copySteps(), { disabled: !uplink.steps }),
          uplink.device ? button("Send this device a downlink", () => this.context.compose(uplink.device)) : null)),
      this.tabs.nodes);
  }

  findings() {
    const { uplink } = this;
    const said = el("p", { class: `verdict ${uplink.outcome === "accepted" ? "good" : "bad"}` },
      outcomeSentence(uplink.outcome), ".");
    if (!uplink.findings.length) return [said, el("p", {}, "Nothing to remark: the request is as documented.")];
    return [said, el("ul", { class: "findings" }, uplink.findings.map((finding) =>
      el("li", { class: `finding ${finding.severity}` },
        el("span", { class: "severity" }, severityWords[finding.severity]),
        el("code", {}, finding.requirement), el("p", {}, finding.message)))),
    uplink.token.explanation && uplink.token.verdict !== "verified"
      ? el("p", { class: "dim" }, "More under Token: what was hashed, and what should have been.") : null];
  }

  again() {
    const { uplink } = this;
    return [
      el("h4", {}, "With curl"),
      el("p", { class: "dim" }, "The same bytes to this platform. ", uplink.tls ? "ca.pem is what `hil serve --ca-out ca.pem` writes." : ""),
      el("pre", { class: "copied", tabindex: "0", "aria-label": "curl command" }, uplink.curl),
      button("Copy as curl", () => this.copyCurl()),
      el("h4", {}, "As steps of a scenario"),
      uplink.steps ? [
        el("p", { class: "dim" }, "Makes a device under test send the same, and expects the same verdict."),
        el("pre", { class: "copied", tabindex: "0", "aria-label": "scenario steps" }, uplink.steps),
        button("Copy as scenario step", () => this.copySteps()),
      ] : el("p", {}, "A scenario cannot say this: its head is no HTTP request, or its body no text."),
    ];
  }
}

function way({ status, tls }) {
  return [
    status ? el("span", { class: "chip" }, `answered ${status}`) : el("span", { class: "chip warn" }, "not answered"),
    el("span", { class: "chip" }, tls ? `${tls.version} ${tls.cipher}` : "plain HTTP"),
  ];
}

function parts({ head, body, mqtt }) {
  if (!mqtt) return [{ title: "Head", bytes: head }, { title: "Body", bytes: body }];
  const properties = mqtt.properties.map(([name, value]) => `${name}: ${value}\n`).join("");
  return [
    { title: "MQTT topic (not described by the documents)", bytes: mqtt.topic },
    ...(properties ? [{ title: "User properties", bytes: properties }] : []),
    { title: "Payload", bytes: mqtt.payload },
  ];
}

function token(uplink) {
  const { token: found } = uplink;
  const words = {
    verified: "The token is the SHA-256 of the body and the device's secret.",
    explained: "The token is wrong, and it is clear why.",
    unexplained: "The token is wrong, and no known mistake gives it.",
    missing: "There is no token.", "not-required": "This device has no secret, so no token is needed.",
    unchecked: "The token was not checked: without a known device there is no secret to check it with.",
  };
  const good = ["verified", "not-required"].includes(found.verdict);
  return [
    el("p", { class: `verdict ${good ? "good" : found.verdict === "unchecked" ? "" : "bad"}` }, words[found.verdict] ?? found.verdict),
    said(found),
    found.hint ? el("p", {}, el("b", {}, "What to do: "), found.hint, ".") : null,
    found.sent ? [el("h4", {}, "Things-Message-Token as sent"), el("pre", { class: "wire", tabindex: "0" }, found.sent)] : null,
    found.expected?.text ? el("div", { class: "side-by-side" },
      hashed("To be hashed", found.expected), found.hashed.text ? hashed("Was hashed", found.hashed) : null) : null,
    found.first_difference !== null && found.first_difference !== undefined
      ? el("p", { class: "dim" }, `The first differing byte is number ${found.first_difference} (counted from 0); it is marked.`) : null,
  ];
}

function said({ verdict, sentence, explanation }) {
  const text = sentence ?? explanation;
  return text && verdict !== "verified" ? el("p", { class: "sentence" }, `${text}.`) : null;
}

function hashed(title, { text, mark }) {
  const [start, end] = mark ?? [0, 0];
  return el("div", {}, el("h4", {}, title), el("pre", { class: "wire", tabindex: "0", "aria-label": title },
    mark ? [text.slice(0, start), el("mark", {}, text.slice(start, end)), text.slice(end)] : text));
}

function senml(uplink) {
  if (!uplink.bt) return el("p", { class: "verdict bad" }, "The body is no SenML pack.");
  const plots = el("div", { class: "plots", "aria-live": "off" });
  if (uplink.device) draw(uplink, plots);
  return [
    el("p", {}, uplink.bt.given ? "The device gave the base time: " : "No base time was given, so it is the moment of receipt: ",
      el("b", {}, uplink.bt.moment ? time(uplink.bt.moment) : `${uplink.bt.seconds} seconds from 1970, which no calendar shows`), "."),
    uplink.records.length ? el("div", { class: "scroll" }, el("table", { class: "records" },
      el("thead", {}, el("tr", {}, ["Name", "Value", "Unit", "Measured at", "After base time"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, uplink.records.map((record) => el("tr", {},
        el("th", { scope: "row" }, record.name), el("td", { class: "number" }, value(record)),
        el("td", {}, record.unit ?? "–", record.unit_means ? el("span", { class: "dim" }, ` ${record.unit_means}`) : null,
          record.unit && !record.unit_means ? el("span", { class: "dim" }, " not registered") : null),
        el("td", { class: "number" }, time(record.time)),
        el("td", { class: "number" }, `${number(record.offset_s)} s`)))))) : el("p", {}, "The pack measures nothing."),
    plots,
  ];
}

function value({ kind, value: shown }) {
  if (kind === "vs") return `“${shown}”`;
  if (kind === "vd") return `0x${shown}`;
  return typeof shown === "number" ? number(shown) : String(shown);
}

async function draw(uplink, place) {
  try {
    const series = await get(`/api/measurements?device=${encodeURIComponent(uplink.device)}`);
    const mine = new Set(uplink.records.map((record) => record.name));
    put(place, series.filter((one) => mine.has(one.name) && one.points.length > 1).map(plot));
  } catch (error) {
    put(place, el("p", { class: "dim" }, `No plot: ${error.message}`));
  }
}

function answer(uplink) {
  if (uplink.mqtt) {
    return [el("p", {}, "By MQTT nothing is answered."),
      uplink.downlink ? el("p", {}, `Downlink ${uplink.downlink} was published after it.`) : null];
  }
  return [
    uplink.faults.length ? el("p", { class: "verdict warn" }, `Disturbed on purpose: ${uplink.faults.join(", ")}.`) : null,
    uplink.answer.whole ? null : el("p", {}, "The device did not get all of it."),
    uplink.downlink ? el("p", {}, `Downlink ${uplink.downlink} travelled in it.`) : null,
    bytesView("How to show the answer", [{ title: "Bytes sent", bytes: uplink.answer.text }]),
  ];
}
