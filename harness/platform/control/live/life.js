// The life of a downlink or SMS: its steps with moment and reason, and what can be done with it.
import { put as change } from "./api.js";
import { button, el, folded, plural, time, toast } from "./dom.js";

const MOVES = {
  Queued: [["Release", "Executing", "it goes with the next uplink"], ["Give up", "Failed", "it is not sent"]],
  Executing: [["Put back", "Queued", "it waits"], ["Give up", "Failed", "it is not sent"]],
};

export function life(kind, one) {
  const key = `${kind} ${one.id}`;
  const steps = one.transitions.map((step) => el("li", {},
    el("span", { class: "dim" }, `${time(step.at)} `), step.from === step.to ? "" : `${step.to}: `, step.reason));
  return folded(key, el("summary", { "aria-label": `Life of ${key}` }, plural(steps.length, "step")), el("ol", {}, steps));
}

export function moves(one, refresh) {
  return (MOVES[one.status] ?? []).map(([name, status, means]) => button(name, async () => {
    try {
      await change(`/api/downlinks/${one.id}`, { status, reason: `${name.toLowerCase()} on the page` });
    } catch (error) {
      toast(error.message, true);
    }
    await refresh();
  }, { class: "quiet", title: means, "aria-label": `${name} ${one.id}` }));
}
