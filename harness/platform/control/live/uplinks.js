// The uplinks seen so far, as short summaries, and the view that lists them.
import { get } from "./api.js";
import { choice, clockTime, el, plural, say } from "./dom.js";
import { RowList } from "./list.js";
import { Detail } from "./detail.js";
import { outcomeWords, severityMark } from "./words.js";

const NONE_YET = "No uplink yet. Point a device at the address under About, or try the curl command there.";
const KEEP = 20_000; // as many as the server keeps
// Works for an event of the timeline and for an item of /api/uplinks alike.
function summary(uplink) {
  const grave = ["error", "warning", "info"].find((severity) =>
    uplink.findings.some((finding) => finding.severity === severity));
  const first = uplink.findings.find((finding) => finding.severity === grave);
  const measured = (uplink.pack ?? []).filter((record) => record.n !== undefined).slice(0, 4).map((record) =>
    `${record.n} ${record.v ?? record.vs ?? record.vb ?? record.vd ?? ""}${record.u ? ` ${record.u}` : ""}`);
  const text = first && grave !== "info" ? `${first.requirement}: ${first.message}` : measured.join(", ") || "no measurement";
  return {
    key: uplink.exchange, exchange: uplink.exchange, device: uplink.device, outcome: uplink.outcome,
    grave, findings: uplink.findings.length, text, at: uplink.received,
    haystack: [`#${uplink.exchange}`, uplink.device ?? "unknown", uplink.outcome, outcomeWords(uplink.outcome), text,
      ...uplink.findings.map((finding) => finding.requirement)].join(" ").toLowerCase(),
  };
}

export class Uplinks {
  constructor() {
    this.listeners = [];
    this.announced = 0;
    this.reset();
  }

  reset() {
    this.all = []; // newest first
    this.newest = 0;
    this.accepted = 0;
    this.devices = new Map(); // name → its newest summary
    this.waiting = [];
    for (const listener of this.listeners) listener([]);
  }

  async load() {
    const missing = await get(`/api/uplinks?brief=true&after=${this.newest}&limit=${KEEP}`);
    for (const uplink of missing) this.add(uplink);
  }

  add(uplink) {
    if (uplink.exchange <= this.newest) return;
    this.newest = uplink.exchange;
    const item = summary(uplink);
    this.waiting.push(item);
    if (item.outcome === "accepted") this.accepted += 1;
    if (item.device) this.devices.set(item.device, item);
    if (this.waiting.length === 1) requestAnimationFrame(() => this.flush());
  }

  flush() {
    const fresh = this.waiting.reverse();
    if (!fresh.length) return;
    this.waiting = [];
    this.all = fresh.concat(this.all);
    if (this.all.length > KEEP) this.all.length = KEEP;
    for (const listener of this.listeners) listener(fresh);
    this.announce(fresh);
  }

  // A screen reader hears the newest state at most every few seconds.
  announce(fresh) {
    const now = performance.now();
    if (now - this.announced < 4000) return;
    this.announced = now;
    const refused = fresh.filter((item) => item.outcome !== "accepted").length;
    say(`${plural(fresh.length, "new uplink")}${refused ? `, ${refused} refused` : ""}`);
  }
}

export class UplinksView {
  constructor(uplinks, context) {
    this.uplinks = uplinks;
    this.held = false;
    this.behind = 0;
    this.detail = new Detail(context, () => this.back());
    this.list = new RowList({
      label: "Uplinks, newest first", height: 50, render: row, choose: (item) => this.show(item),
      empty: NONE_YET,
    });
    this.search = el("input", {
      type: "search", placeholder: "Search device, requirement, text", "aria-label": "Search the uplinks",
      oninput: () => this.filter(), spellcheck: "false", autocomplete: "off",
    });
    this.outcome = choice([
      ["", "all"], ["accepted", "accepted"], ["refused", "refused"], ["remarks", "with findings"], ["clean", "without findings"],
    ], { "aria-label": "Which uplinks", onchange: () => this.filter() });
    this.hold = el("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: () => this.toggleHold() }, "Hold");
    this.count = el("p", { class: "dim count-line" });
    this.node = el("div", { class: "split" },
      el("section", { class: "side", "aria-label": "Uplinks" },
        el("div", { class: "bar" }, this.search, this.outcome, this.hold), this.count, this.list.node),
      this.detail.node);
    uplinks.listeners.push((fresh) => this.fresh(fresh));
    this.filter();
  }

  fresh(fresh) {
    if (this.held) this.behind += fresh.length;
    else this.filter();
    this.counted();
  }

  filter() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = this.outcome.value;
    const fits = (item) =>
      (!kind || item.outcome === kind || (kind === "refused" && item.outcome !== "accepted") ||
        (kind === "remarks" && item.findings > 0) || (kind === "clean" && item.findings === 0)) &&
      words.every((word) => item.haystack.includes(word));
    this.list.empty.textContent = this.uplinks.all.length ? "No uplink fits the search." : NONE_YET;
    this.list.set(words.length || kind ? this.uplinks.all.filter(fits) : this.uplinks.all.slice());
    this.counted();
  }

  counted() {
    const { all, accepted, newest } = this.uplinks;
    const shown = this.list.items.length;
    const parts = [shown === all.length ? plural(shown, "uplink") : `${shown.toLocaleString("en")} of ${plural(all.length, "uplink")}`];
    if (newest) parts.push(`${accepted.toLocaleString("en")} accepted`);
    if (this.held) parts.push(`held, ${this.behind.toLocaleString("en")} newer`);
    this.count.textContent = parts.join(" · ");
  }

  toggleHold() {
    this.held = !this.held;
    this.behind = 0;
    this.hold.setAttribute("aria-pressed", this.held);
    this.hold.textContent = this.held ? "Go on" : "Hold";
    if (!this.held) this.filter();
    this.counted();
  }

  only(device) {
    this.search.value = device;
    this.filter();
  }

  show(item) {
    this.node.classList.add("has-detail");
    this.detail.show(item.exchange);
  }

  back() {
    this.node.classList.remove("has-detail");
    this.list.node.focus();
  }
}

function row(item) {
  const tone = item.outcome !== "accepted" ? "bad" : item.grave === "error" ? "bad" : item.grave === "warning" ? "warn" : "good";
  return [
    el("span", { class: "row-head" },
      el("span", { class: "dim number" }, `#${item.exchange}`),
      el("b", {}, item.device ?? "unknown"),
      el("span", { class: `chip ${tone}` }, outcomeWords(item.outcome)),
      el("time", { class: "dim number", datetime: item.at }, clockTime(item.at))),
    el("span", { class: `row-text ${item.grave === "info" ? "dim" : ""}` },
      item.grave ? el("span", { class: `tone-${item.grave}` }, `${severityMark[item.grave]} `) : null,
      item.text, item.findings > 1 ? el("span", { class: "dim" }, `  +${item.findings - 1}`) : null),
  ];
}

