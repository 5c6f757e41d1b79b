// Bytes as people need to see them: text with line ends visible, or hex. A string here holds one
// character per byte.
import { button, el, put } from "./dom.js";

const FIRST = 16 * 1024;
const NAMES = { 0: "NUL", 9: "TAB", 10: "LF", 13: "CR", 27: "ESC", 127: "DEL" };

export function textOf(bytes) {
  const out = [];
  let plain = "";
  const flush = () => {
    if (plain) out.push(plain);
    plain = "";
  };
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes.charCodeAt(at);
    if ((code >= 32 && code < 127) || code > 255) { // beyond a byte: the name of a secret left out
      plain += bytes[at];
      continue;
    }
    flush();
    const shown = NAMES[code] ?? `\\x${code.toString(16).padStart(2, "0")}`;
    const next = bytes.charCodeAt(at + 1);
    out.push(el("span", { class: "control" }, shown));
    if (code === 10 || (code === 13 && next !== 10)) out.push("\n");
  }
  flush();
  return out;
}

export function hexOf(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.slice(at, at + 16);
    const hex = Array.from(part, (char) => (char.charCodeAt(0) > 255 ? "··" : char.charCodeAt(0).toString(16).padStart(2, "0")));
    const wide = `${hex.slice(0, 8).join(" ")}  ${hex.slice(8).join(" ")}`.padEnd(49);
    const text = part.replace(/[^\x20-\x7e]/g, "·");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${wide}  ${text}`);
  }
  return lines.join("\n");
}

let asHex = false; // stays as chosen from one uplink to the next

export function bytesView(label, parts) {
  const shown = el("div", {});
  const draw = () => put(shown, parts.map(({ title: heading, bytes }) => [
    el("h4", {}, heading, el("span", { class: "dim" }, ` ${bytes.length.toLocaleString("en")} bytes`)),
    block(heading, bytes),
  ]));
  const toggle = (name, hex) => button(name, () => {
    asHex = hex;
    for (const [node, mine] of [[text, false], [hexButton, true]]) node.setAttribute("aria-pressed", mine === asHex);
    draw();
  }, { class: "quiet", "aria-pressed": String(asHex === hex) });
  const text = toggle("Text", false);
  const hexButton = toggle("Hex", true);
  draw();
  return [el("div", { class: "bar", role: "group", "aria-label": label }, text, hexButton,
    el("span", { class: "dim" }, "line ends and other control bytes are shown by name")), shown];
}

function block(name, bytes) {
  if (!bytes.length) return el("p", { class: "dim" }, "none");
  const pre = el("pre", { class: asHex ? "hex" : "wire", tabindex: "0", "aria-label": name });
  const draw = (count) => put(pre, asHex ? hexOf(bytes.slice(0, count)) : textOf(bytes.slice(0, count)));
  draw(FIRST);
  if (bytes.length <= FIRST) return pre;
  const more = button(`Show all ${bytes.length.toLocaleString("en")} bytes`, () => {
    draw(bytes.length);
    more.remove();
  });
  return [pre, more];
}
