// The 48-hour schedule of an SMS: what was tried, what is planned, what comes next. Each phase has
// a width of its own, since five minutes and a day and a half do not share a scale.
import { el, plural, span, svg, time } from "./dom.js";

const WIDTH = 760;
const HEIGHT = 118;
const BAND = 62;
const AXIS = 88;
const EDGE = 14;

// Where each phase begins and ends, in seconds after submission and in pixels.
function phasesOf(plan) {
  const ends = plan.attempts_s.at(-1);
  const last = Math.max(plan.discard_s, ends);
  const parts = [];
  let start = 0;
  for (const phase of plan.phases) {
    const end = Math.min(start + phase.every_s * phase.retries, last);
    if (end > start) parts.push({ ...phase, start, end });
    start = end;
  }
  if (parts.length && parts.at(-1).end < last) parts.at(-1).end = last;
  const weight = (part) => Math.max(4, Math.min(part.retries, 12));
  const total = parts.reduce((sum, part) => sum + weight(part), 0);
  let x = EDGE;
  for (const part of parts) {
    part.x = x;
    part.width = (WIDTH - 2 * EDGE) * weight(part) / total;
    x += part.width;
  }
  return parts;
}

function scale(parts) {
  return (at) => {
    const part = parts.find((one) => at <= one.end) ?? parts.at(-1);
    const inside = Math.min(1, Math.max(0, (at - part.start) / (part.end - part.start)));
    return part.x + inside * part.width;
  };
}

// `sms` as the API has it, or null for the plan alone; `now` is scenario time in ms.
export function schedule(plan, sms, now) {
  const parts = phasesOf(plan);
  const x = scale(parts);
  const submitted = sms ? Date.parse(sms.submitted) : null;
  const next = sms?.next ? (Date.parse(sms.next) - submitted) / 1000 : null;
  const made = sms?.attempts ?? [];
  const tried = made.map((attempt) => attempt.elapsed_s);
  const planned = plan.attempts_s.filter((at) => !tried.some((done) => Math.abs(done - at) < 0.5));
  const elapsed = sms ? (now - submitted) / 1000 : null;
  return el("div", { class: "schedule" },
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": inWords(plan, sms, now) },
      parts.map((part, index) => [
        svg("rect", { class: index % 2 ? "phase odd" : "phase", x: part.x, y: 24, width: part.width, height: AXIS - 24 }),
        svg("text", { class: "phase-name", x: part.x + part.width / 2, y: 16, "text-anchor": "middle" }, `every ${every(part.every_s)}`),
        svg("text", { class: "tick", x: part.x, y: AXIS + 16, "text-anchor": index ? "middle" : "start" }, part.start ? span(part.start) : "0"),
      ]),
      svg("path", { class: "axis", d: `M${EDGE} ${AXIS}H${WIDTH - EDGE}` }),
      planned.map((at) => svg("circle", { class: "planned", cx: x(at).toFixed(1), cy: BAND, r: 3 }, svg("title", {}, `planned after ${span(at)}`))),
      made.map((attempt) => mark(x(attempt.elapsed_s), attempt)),
      svg("path", { class: "discard", d: `M${x(plan.discard_s).toFixed(1)} 24V${AXIS + 5}` }),
      svg("text", { class: "tick bad", x: WIDTH - EDGE, y: AXIS + 16, "text-anchor": "end" }, `discard ${plan.discard_s / 3600} h`),
      next !== null && next < plan.discard_s ? svg("circle", { class: "next", cx: x(next).toFixed(1), cy: BAND, r: 7 }, svg("title", {}, `next attempt after ${span(next)}`)) : null,
      elapsed !== null && elapsed >= 0 && sms.next ? [
        svg("path", { class: "now", d: `M${x(elapsed).toFixed(1)} 26V${AXIS}` }),
        svg("text", { class: "now-name", x: Math.min(WIDTH - 30, x(elapsed) + 4).toFixed(1), y: 37 }, "now"),
      ] : null),
    sms ? el("p", { class: "next-line" }, nextLine(plan, sms, now)) : null);
}

function every(seconds) {
  return { 60: "minute", 3600: "hour" }[seconds] ?? span(seconds);
}

function mark(x, attempt) {
  const title = svg("title", {}, `attempt ${attempt.number} after ${span(attempt.elapsed_s)}: ${attempt.outcome}`);
  if (attempt.outcome === "delivered") return svg("circle", { class: "delivered", cx: x.toFixed(1), cy: BAND, r: 6 }, title);
  return svg("path", { class: "missed", d: `M${(x - 3.5).toFixed(1)} ${BAND - 3.5}l7 7m0 -7l-7 7` }, title);
}

function nextLine(plan, sms, now) {
  if (!sms.next) {
    const last = sms.attempts.at(-1);
    return `${sms.status} after ${plural(sms.attempts.length, "attempt")}${last ? `, the last at ${time(last.at)}` : ""}.`;
  }
  const due = (Date.parse(sms.next) - now) / 1000;
  const isDiscard = (Date.parse(sms.next) - Date.parse(sms.submitted)) / 1000 >= plan.discard_s;
  return `${plural(sms.attempts.length, "attempt")} so far. ${isDiscard ? "Discarded" : "Next attempt"} at ${time(sms.next)}, in ${span(Math.max(0, due))} of scenario time.`;
}

function inWords(plan, sms, now) {
  const whole = `${plan.attempts_s.length} attempts in ${plan.discard_s / 3600} hours, then it is discarded`;
  return sms ? `Schedule of SMS ${sms.id}: ${whole}. ${nextLine(plan, sms, now)}` : `Schedule of an SMS: ${whole}`;
}
