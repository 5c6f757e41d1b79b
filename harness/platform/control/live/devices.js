// The registered devices, and how each of them fares.
import { get } from "./api.js";
import { button, clockTime, el, plural, put, toast } from "./dom.js";
import { outcomeWords } from "./words.js";

const SHOWN = 300;

export class DevicesView {
  constructor(context, uplinks) {
    this.context = context;
    this.uplinks = uplinks;
    this.search = el("input", {
      type: "search", placeholder: "Search name, IMEI, UUID, number", "aria-label": "Search the devices",
      spellcheck: "false", oninput: () => this.draw(),
    });
    this.count = el("p", { class: "dim" });
    this.body = el("tbody", {});
    this.node = el("div", { class: "page" }, el("h2", {}, "Devices"),
      el("div", { class: "bar" }, this.search), this.count,
      el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Devices" }, el("table", {},
        el("thead", {}, el("tr", {}, ["Device", "Identifier", "SIM", "ICCID", "MSISDN", "Secret", "Newest uplink", ""].map((name) => el("th", { scope: "col" }, name)))),
        this.body)));
  }

  async refresh() {
    try {
      this.context.devices = await get("/api/devices");
      put(document.getElementById("device-names"), this.context.devices.slice(0, 2000).map((one) => el("option", { value: one.name })));
    } catch (error) {
      toast(error.message, true);
    }
    this.draw();
  }

  draw() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.context.devices.filter((one) => {
      const text = [one.name, one.imei, one.dvnuuid, one.msisdn, one.iccid, one.sim].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
    this.count.textContent = plural(found.length, "device") + (found.length > SHOWN ? `, the first ${SHOWN} shown` : "");
    put(this.body, found.slice(0, SHOWN).map((one) => this.row(one)));
  }

  row(one) {
    const last = this.uplinks.devices.get(one.name);
    const tone = last ? (last.outcome === "accepted" ? "good" : "bad") : "";
    return el("tr", {},
      el("th", { scope: "row" }, one.name),
      el("td", { class: "number" }, one.imei ? `IMEI ${one.imei}` : one.dvnuuid,
        (one.advice ?? []).map((line) => el("p", { class: "advice" }, line))),
      el("td", {}, one.sim), el("td", { class: "number" }, one.iccid ?? "–"), el("td", { class: "number" }, one.msisdn ?? "–"),
      el("td", {}, one.has_secret ? "registered" : "none"),
      el("td", {}, last ? [el("span", { class: `chip ${tone}` }, outcomeWords(last.outcome)), ` #${last.exchange} `, el("span", { class: "dim" }, clockTime(last.at))] : "–"),
      el("td", {}, button("Uplinks", () => this.context.uplinksOf(one.name), { class: "quiet", "aria-label": `Uplinks of ${one.name}` }),
        button("Send", () => this.context.compose(one.name), { class: "quiet", "aria-label": `Send ${one.name} a downlink or SMS` })));
  }
}
