// Downlinks and SMS: composing them, and what became of them.
import { get, post } from "./api.js";
import { button, choice, el, field, folded, put, span, table, time, toast } from "./dom.js";
import { life, moves } from "./life.js";
import { schedule } from "./schedule.js";

const KINDS = [["v", "number"], ["vb", "boolean"], ["vs", "text"], ["vd", "base64 data"]];

export class MessagesView {
  constructor(context) {
    this.context = context;
    this.chosen = null;
    this.sms = [];
    this.device = el("input", { list: "device-names", autocomplete: "off", required: true, spellcheck: "false", oninput: () => this.kind() });
    this.kindNote = el("p", { class: "dim" });
    this.downlinks = el("div", {});
    this.smsList = el("div", {});
    this.drawn = el("div", {});
    this.node = el("div", { class: "page" },
      el("h2", {}, "Downlinks and SMS"),
      el("div", { class: "columns" }, field("Device", this.device), this.kindNote),
      el("div", { class: "columns" },
        el("section", { class: "card", "aria-label": "Compose a downlink" }, el("h3", {}, "Downlink"), this.downlinkForm()),
        el("section", { class: "card", "aria-label": "Compose an SMS" }, el("h3", {}, "SMS"), this.smsForm())),
      el("section", { class: "card" }, el("h3", {}, "The schedule of an SMS"), this.drawn),
      el("section", { class: "card" }, el("h3", {}, "SMS so far"), this.smsList),
      el("section", { class: "card" }, el("h3", {}, "Downlinks so far"), this.downlinks));
  }

  compose(device) {
    this.device.value = device;
    this.kind();
    this.records.querySelector("input")?.focus();
  }

  kind() {
    const known = this.context.devices.find((one) => one.name === this.device.value);
    this.kindNote.textContent = known ? `${known.imei ? `IMEI ${known.imei}` : `DvnUUID ${known.dvnuuid}`}, SIM ${known.sim}` : "";
  }

  downlinkForm() {
    this.records = el("div", { class: "records" });
    this.addRecord();
    const status = choice([["Executing", "Executing: goes with the next uplink"], ["Queued", "Queued: waits"]]);
    const shape = choice([["", "as configured"], ["separate", "separate base record"], ["merged", "merged base record"]]);
    return el("form", { onsubmit: (event) => this.send(event, async () => {
      const records = [...this.records.children].map(recordOf);
      const order = { device: this.device.value, records, status: status.value };
      if (shape.value) order.shape = shape.value;
      const made = await post("/api/downlinks", order);
      toast(`Downlink ${made.id} is ${made.status}`);
    }) }, this.records, button("Add a record", () => this.addRecord()),
    el("div", { class: "columns" }, field("Status", status), field("Base record", shape)),
    el("button", { class: "main" }, "Queue the downlink"));
  }

  addRecord() {
    const row = el("fieldset", { class: "record" }, el("legend", { class: "unseen" }, "Record"),
      el("input", { name: "n", "aria-label": "Name of the record", placeholder: "name, e.g. interval", required: true, spellcheck: "false" }),
      choice(KINDS, { name: "kind", "aria-label": "Kind of value" }),
      el("input", { name: "value", "aria-label": "Value", placeholder: "value", required: true, spellcheck: "false" }),
      button("✕", () => this.records.children.length > 1 && row.remove(), { class: "quiet", "aria-label": "Remove the record" }));
    this.records.append(row);
  }

  smsForm() {
    const text = el("textarea", { rows: "3", maxlength: "1530", required: true, oninput: () => count() });
    const counted = el("p", { class: "dim" });
    const count = () => {
      counted.textContent = `${text.value.length} characters`;
    };
    count();
    return el("form", { onsubmit: (event) => this.send(event, async () => {
      const made = await post("/api/sms", { device: this.device.value, text: text.value });
      this.chosen = made.id;
      toast(`SMS ${made.id} is ${made.status}`);
    }) }, field("Text", text), counted,
    el("p", { class: "dim" }, "From 5277, for M2M+ SIMs with a known ICCID; tried again for 48 hours while the device cannot be reached."),
    el("button", { class: "main" }, "Submit the SMS"));
  }

  async send(event, order) {
    event.preventDefault();
    const submit = event.target.querySelector("button.main");
    submit.disabled = true;
    try {
      await order();
      await this.refresh();
    } catch (error) {
      toast(error.message, true);
    } finally {
      submit.disabled = false;
    }
  }

  async refresh() {
    try {
      const [downlinks, sms] = await Promise.all([get("/api/downlinks"), get("/api/sms")]);
      this.sms = sms;
      this.show(downlinks);
    } catch (error) {
      toast(error.message, true);
    }
  }

  show(downlinks) {
    const newest = (items) => items.slice(-200).reverse();
    put(this.downlinks, table(["Downlink", "Device", "Status", "Records", "Went with", "Life", ""], newest(downlinks).map((one) => [
      one.id, one.device, status(one.status), el("code", {}, one.raw ?? JSON.stringify(one.records)),
      one.exchange ? `uplink #${one.exchange}${one.sent > 1 ? `, sent ${one.sent} times` : ""}` : "–",
      life("downlink", one), moves(one, () => this.refresh()),
    ]), "No downlink yet."));
    put(this.smsList, table(["SMS", "Device", "Status", "Text", "Submitted", "Attempts", "Next", "Life", ""], newest(this.sms).map((one) => [
      one.id, one.device, status(one.status), one.text, time(one.submitted), one.attempts.length, one.next ? time(one.next) : "–",
      life("SMS", one),
      button("Schedule", () => {
        this.chosen = one.id;
        this.draw();
        this.drawn.scrollIntoView({ block: "nearest" });
      }, { class: "quiet" }),
    ]), "No SMS yet."));
    this.draw();
  }

  draw() {
    const plan = this.context.state.sms;
    const sms = this.sms.find((one) => one.id === this.chosen) ?? this.sms.at(-1) ?? null;
    put(this.drawn,
      sms ? el("p", {}, `SMS ${sms.id} to ${sms.device}: `, status(sms.status)) : el("p", { class: "dim" }, "As every SMS has it:"),
      schedule(plan, sms, this.context.now()),
      sms ? folded(`attempts of SMS ${sms.id}`, el("summary", {}, `The ${sms.attempts.length} attempts as a table`),
        table(["Attempt", "After", "At", "Outcome"], sms.attempts.map((one) => [one.number, span(one.elapsed_s), time(one.at), `${one.outcome}${one.detail ? `: ${one.detail}` : ""}`]), "None yet.")) : null);
  }
}

function recordOf(row) {
  const { n, kind, value } = Object.fromEntries([...row.querySelectorAll("[name]")].map((one) => [one.name, one.value]));
  if (kind === "v") {
    const number = Number(value);
    if (value.trim() === "" || !Number.isFinite(number)) throw new Error(`“${value}” is no number`);
    return { n, v: number };
  }
  if (kind === "vb") {
    if (!["true", "false"].includes(value)) throw new Error(`“${value}” is neither true nor false`);
    return { n, vb: value === "true" };
  }
  return { n, [kind]: value };
}

function status(text) {
  const tone = { Succeeded: "good", DELIVERED: "good", Failed: "bad", FAILED: "bad" }[text] ?? "";
  return el("span", { class: `chip ${tone}` }, text);
}
