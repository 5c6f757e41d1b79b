// Chaos switches: what the platform does to answers, for one device or for all, until told to stop.
import { get, patch, post, remove } from "./api.js";
import { attempt, button, choice, el, field, plural, put, table } from "./dom.js";

const number = (value, step = "any", min = "0") => el("input", { type: "number", value, step, min, required: true });

// What can be chosen: the fields of each kind, and the order made of them.
const KINDS = {
  latency: { title: "Late answers", fields: () => ({ seconds: ["Seconds", number("5")] }) },
  "log-normal-latency": {
    title: "Answers late by chance (log-normal)",
    fields: () => ({ median: ["Median in seconds", number("0.8")], sigma: ["Sigma", number("0.6")], max: ["At most, seconds", number("30")] }),
  },
  "lose-response": { title: "Lost answers", fields: () => ({ probability: ["Share from 0 to 1", number("0.3")] }) },
  reset: { title: "Connections reset", fields: () => ({ probability: ["Share from 0 to 1", number("0.3")] }) },
  refuse: {
    title: "Refusals in sequence",
    fields: () => ({ answers: ["Answers in turn", el("input", { value: "unverified, 503, normal", required: true, spellcheck: "false" })], repeat: ["Again and again", el("input", { type: "checkbox" })] }),
  },
  maintenance: { title: "Maintenance window", fields: () => ({ lasts: ["Seconds of scenario time", number("600", "1", "1")], answer: ["Then", choice([["503", "answers 503"], ["429", "answers 429"], ["500", "answers 500"], ["refuse-connections", "nobody listens"]])] }) },
};

export class ChaosView {
  constructor(context) {
    this.context = context;
    this.rules = el("div", {});
    this.fields = el("div", { class: "columns" });
    this.kind = choice(Object.entries(KINDS).map(([name, kind]) => [name, kind.title]), { onchange: () => this.drawFields() });
    this.device = el("input", { list: "device-names", placeholder: "all devices", autocomplete: "off", spellcheck: "false" });
    this.node = el("div", { class: "page" }, el("h2", {}, "Chaos"),
      el("p", { class: "dim" }, "The platform's verdict on an uplink stays its own; only what the device gets to see is spoilt. Delays are in real time."),
      el("form", { class: "card", onsubmit: (event) => this.add(event) },
        el("h3", {}, "A new disturbance"),
        el("div", { class: "columns" }, field("What", this.kind), field("For", this.device)), this.fields,
        el("button", { class: "main" }, "Switch it on")),
      el("section", { class: "card" }, el("div", { class: "bar" }, el("h3", {}, "In force"),
        button("Remove all", () => this.order(() => remove("/api/chaos"), "All quiet"))), this.rules));
    this.drawFields();
  }

  drawFields() {
    this.inputs = KINDS[this.kind.value].fields();
    put(this.fields, Object.values(this.inputs).map(([label, input]) => field(label, input)));
  }

  async add(event) {
    event.preventDefault();
    const order = { kind: this.kind.value, device: this.device.value || null };
    for (const [name, [, input]] of Object.entries(this.inputs)) {
      if (input.type === "checkbox") order[name] = input.checked;
      else if (input.type === "number") order[name] = Number(input.value);
      else if (input.tagName === "SELECT") order[name] = coded(input.value);
      else order[name] = input.value.split(",").map((one) => coded(one.trim())).filter((one) => one !== "");
    }
    await this.order(() => post("/api/chaos", order), "Switched on");
  }

  switches({ id, on }) {
    const path = `/api/chaos/${encodeURIComponent(id)}`;
    const other = on ? "off" : "on";
    return [
      button(on ? "Off" : "On", () => this.order(() => patch(path, { on: !on }), `${id} is ${other}`), { class: "quiet", "aria-label": `Switch ${id} ${other}` }),
      button("✕", () => this.order(() => remove(path), `${id} is gone`), { class: "quiet", "aria-label": `Remove ${id}` }),
    ];
  }

  async order(what, done) {
    await attempt(what, done);
    await this.refresh();
  }

  async refresh() {
    try {
      const rules = await get("/api/chaos");
      this.context.chaos(rules.filter((rule) => rule.state === "on").length);
      put(this.rules, table(["Rule", "What it does", "State", "Struck", ""], rules.map((rule) => [
        rule.id, rule.says, rule.state, plural(rule.struck, "time"),
        this.switches(rule),
      ]), "Nothing is disturbed."));
    } catch (error) {
      put(this.rules, el("p", { class: "dim" }, error.message));
    }
  }
}

// A status code as a number, anything else as it stands.
function coded(text) {
  return /^\d+$/.test(text) ? Number(text) : text;
}
