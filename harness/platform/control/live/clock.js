// The scenario clock: shown as it goes, and moved forward.
import { post } from "./api.js";
import { button, el, field, put, span, time, toast } from "./dom.js";

const UNITS = { s: 1, m: 60, min: 60, h: 3600, d: 86400 };

// "1h30m" → 5400; NaN for what is no duration
export function seconds(text) {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(min|[smhd])\s*/gy)];
  if (!parts.length || parts.map((part) => part[0]).join("") !== text.trim()) return NaN;
  return parts.reduce((sum, part) => sum + Number(part[1]) * UNITS[part[2]], 0);
}

export class Clock {
  constructor(place, context) {
    this.context = context;
    this.read = performance.now();
    this.at = Date.now();
    this.frozen = false;
    this.face = el("time", { class: "number" });
    this.badge = el("span", { class: "chip" });
    const amount = el("input", { placeholder: "1h30m", size: "8", spellcheck: "false" });
    this.panel = el("div", { class: "popover", id: "clock-panel", popover: "auto" },
      el("h2", {}, "Scenario clock"),
      el("p", { class: "dim" }, "Base times, SMS attempts and destinations go by it. It moves forward only; what falls due happens on the way."),
      el("div", { class: "bar" }, [["+1 min", 60], ["+10 min", 600], ["+1 h", 3600], ["+4 h", 14400], ["+1 d", 86400]].map(([text, by]) => button(text, () => this.move({ advance: by })))),
      button("To the next SMS attempt", () => this.toNext()),
      el("form", { class: "bar", onsubmit: (event) => {
        event.preventDefault();
        const by = seconds(amount.value);
        if (Number.isNaN(by)) toast(`“${amount.value}” is no duration; try 90s, 10m or 1h30m`, true);
        else this.move({ advance: by });
      } }, field("Forward by", amount), el("button", {}, "Go")));
    put(place, this.badge, el("button", { type: "button", class: "quiet face", popovertarget: "clock-panel", "aria-label": "Scenario clock: show controls" }, this.face), this.panel);
    setInterval(() => this.tick(), 250);
  }

  set({ now, frozen }) {
    this.at = Date.parse(now);
    this.read = performance.now();
    this.frozen = frozen;
    this.badge.textContent = frozen ? "frozen" : "running";
    this.badge.className = frozen ? "chip warn" : "chip good";
    this.tick();
  }

  now() {
    return this.frozen ? this.at : this.at + (performance.now() - this.read);
  }

  tick() {
    const iso = new Date(this.now()).toISOString();
    this.face.dateTime = iso;
    this.face.textContent = time(iso);
  }

  async move(order) {
    const before = this.now();
    try {
      this.set(await post("/api/clock", order));
      toast(`The clock went ${span((this.now() - before) / 1000)} forward`);
    } catch (error) {
      toast(error.message, true);
    }
    this.context.refresh();
  }

  toNext() {
    const next = this.context.sms().map((one) => one.next).filter(Boolean).sort()[0];
    if (next) this.move({ set: next });
    else toast("no SMS is waiting for an attempt", true);
  }
}
