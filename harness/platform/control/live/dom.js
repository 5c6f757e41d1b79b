// Small helpers around the document: elements without innerHTML, so that no byte of a device
// is ever taken for markup.

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function put(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const open = new Set();

// What is unfolded stays so when it is drawn again; `key` tells it from others on the page.
export function folded(key, summary, ...children) {
  const note = (unfolded) => (unfolded ? open.add(key) : open.delete(key));
  summary.addEventListener("click", (event) => note(!event.currentTarget.parentNode.open)); // toggle comes later
  return el("details", { open: open.has(key), ontoggle: (event) => note(event.target.open) }, summary, ...children);
}

export function button(text, onclick, attributes = {}) {
  return el("button", { type: "button", onclick, ...attributes }, text);
}

// A label with its field; the field's id is made from the name.
let fields = 0;
export function field(label, control, attributes = {}) {
  control.id ||= `field-${++fields}`;
  return el("div", { class: "field", ...attributes }, el("label", { for: control.id }, label), control);
}

export function choice(options, attributes = {}) {
  return el("select", attributes, options.map((option) => {
    const [value, text] = Array.isArray(option) ? option : [option, option];
    return el("option", { value }, text);
  }));
}

export function time(iso) {
  if (!iso) return "–";
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

export function clockTime(iso) {
  return iso ? iso.slice(11, 23) : "";
}

// 5400 → "1 h 30 min"
export function span(seconds) {
  let rest = Math.round(seconds);
  if (rest < 60) return `${rest} s`;
  const parts = [];
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    if (rest >= size) parts.push(`${Math.floor(rest / size)} ${unit}`);
    rest %= size;
  }
  return parts.slice(0, 2).join(" ");
}

export function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

export function say(text) {
  document.getElementById("announce").textContent = text;
}

export function toast(text, bad = false) {
  const node = el("p", { class: bad ? "toast bad" : "toast" }, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), bad ? 8000 : 2500);
}

// Do something and say so, or why it could not be done.
export async function attempt(what, done) {
  try {
    await what();
    toast(done);
  } catch (error) {
    toast(error.message, true);
  }
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { class: "unseen", value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy"); // where the page is not a secure context
    area.remove();
    if (!done) return toast("the browser does not let this page copy", true);
  }
  toast(`${what} copied`);
}

export function table(heads, rows, empty) {
  if (!rows.length) return el("p", { class: "dim" }, empty);
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": heads[0] }, el("table", {},
    el("thead", {}, el("tr", {}, heads.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell)))))));
}

// Tabs as the ARIA practices have them: arrows move, the chosen one is in the tab order.
export function tabs(label, items, chosen, onchoose) {
  const list = el("div", { role: "tablist", "aria-label": label, class: "tabs" });
  const panel = el("div", { role: "tabpanel", class: "panel", tabindex: "0" });
  const prefix = `tab-${++fields}`;
  panel.id = `${prefix}-panel`;
  const nodes = items.map(({ name, title, mark }) => el("button", {
    type: "button", role: "tab", id: `${prefix}-${name}`, "aria-controls": panel.id,
    onclick: () => choose(name),
  }, title, mark ? el("span", { class: "count" }, mark) : null));
  function choose(name, focus = false) {
    items.forEach((item, index) => {
      const on = item.name === name;
      nodes[index].setAttribute("aria-selected", on);
      nodes[index].tabIndex = on ? 0 : -1;
      if (on) {
        panel.setAttribute("aria-labelledby", nodes[index].id);
        put(panel, item.make());
        if (focus) nodes[index].focus();
      }
    });
    onchoose(name);
  }
  list.addEventListener("keydown", (event) => {
    const at = nodes.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: nodes.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    choose(items[(to + items.length) % items.length].name, true);
  });
  list.append(...nodes);
  choose(items.some((item) => item.name === chosen) ? chosen : items[0].name);
  return { nodes: [list, panel], choose };
}
