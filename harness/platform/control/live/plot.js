// A small line plot of one measurement over time.
import { el, svg, time } from "./dom.js";

const WIDTH = 320;
const HEIGHT = 72;
const PAD = 6;

export function plot({ name, unit, unit_means: means, points }) {
  const title = `${name}${unit ? ` in ${means ?? unit}` : ""}`;
  const values = points.map(([, value]) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const [start, end] = [points[0][0], points.at(-1)[0]];
  const x = (at) => end > start ? PAD + (at - start) / (end - start) * (WIDTH - 2 * PAD) : WIDTH / 2;
  const y = (value) => high > low ? HEIGHT - PAD - (value - low) / (high - low) * (HEIGHT - 2 * PAD) : HEIGHT / 2;
  const path = points.map(([at, value], index) => `${index ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const last = points.at(-1);
  const words = `${points.length} values from ${number(low)} to ${number(high)}, the newest ${number(last[1])}`;
  return el("figure", { class: "plot" },
    el("figcaption", {}, el("b", {}, title), el("span", { class: "dim" }, words)),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${words}` },
      svg("path", { class: "plot-line", d: path }),
      points.length <= 60 ? points.map(([at, value]) => svg("circle", { class: "plot-dot", cx: x(at).toFixed(1), cy: y(value).toFixed(1), r: 2 },
        svg("title", {}, `${number(value)}${unit ? ` ${unit}` : ""} at ${time(new Date(at).toISOString())}`))) : null,
      svg("circle", { class: "plot-newest", cx: x(last[0]).toFixed(1), cy: y(last[1]).toFixed(1), r: 3.5 })));
}

export function number(value) {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(8)));
}
