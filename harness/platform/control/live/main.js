// The live page: puts the views together and keeps them up to date.
import { follow, get } from "./api.js";
import { aboutView } from "./about.js";
import { ChaosView } from "./chaos.js";
import { Clock } from "./clock.js";
import { DevicesView } from "./devices.js";
import { el, put, toast } from "./dom.js";
import { FirmwareView } from "./firmware.js";
import { MessagesView } from "./messages.js";
import { Uplinks, UplinksView } from "./uplinks.js";

const main = document.getElementById("main");
const link = document.getElementById("link");
const names = el("datalist", { id: "device-names" });
document.body.append(names);

const context = {
  state: null,
  devices: [],
  now: () => clock.now(),
  sms: () => messages.sms,
  refresh: () => later("messages"),
  compose(device) {
    show("messages");
    messages.compose(device);
  },
  uplinksOf(device) {
    show("uplinks");
    uplinksView.only(device);
  },
  chaos(count) {
    marks.chaos.textContent = count || "";
  },
};

const uplinks = new Uplinks();
const uplinksView = new UplinksView(uplinks, context);
const devices = new DevicesView(context, uplinks);
const messages = new MessagesView(context);
const chaos = new ChaosView(context);
const firmware = new FirmwareView();
const clock = new Clock(document.getElementById("clock"), context);
const about = { node: el("div", { class: "page" }) };

const views = {
  uplinks: { title: "Uplinks", node: uplinksView.node },
  devices: { title: "Devices", node: devices.node, enter: () => devices.refresh() },
  messages: { title: "Messages", node: messages.node, enter: () => messages.refresh() },
  firmware: { title: "Firmware", node: firmware.node, enter: () => firmware.refresh() },
  chaos: { title: "Chaos", node: chaos.node, enter: () => chaos.refresh() },
  about: { title: "About", node: about.node },
};
const marks = {};
const links = Object.fromEntries(Object.entries(views).map(([name, view]) => {
  marks[name] = el("span", { class: "count" });
  return [name, el("a", { href: `#${name}` }, view.title, marks[name])];
}));
put(document.getElementById("views"), Object.values(links));

let shown = "";
function show(name) {
  if (!(name in views)) name = "uplinks";
  if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
  if (shown === name) return;
  shown = name;
  for (const [key, node] of Object.entries(links)) {
    if (key === name) node.setAttribute("aria-current", "page");
    else node.removeAttribute("aria-current");
  }
  put(main, views[name].node);
  document.title = `${views[name].title} – hil serve`;
  views[name].enter?.();
  uplinksView.list.schedule();
}
window.addEventListener("hashchange", () => show(location.hash.slice(1)));

// Several events in a row ask for one look at the server.
const due = new Set();
function later(name) {
  if (due.has(name)) return;
  due.add(name);
  setTimeout(async () => {
    due.delete(name);
    if (name === "clock") clock.set(await get("/api/clock").catch(() => ({ now: new Date(clock.now()).toISOString(), frozen: clock.frozen })));
    else if (name === "missed") await uplinks.load().catch((error) => toast(error.message, true));
    else if (name === "messages") await messages.refresh();
    else if (name === "chaos") await chaos.refresh();
    else if (name === "firmware") await firmware.refresh();
    else if (name === "devices") await devices.refresh();
  }, 200);
}

function heard(event) {
  const { kind } = event;
  if (kind === "uplink") uplinks.add(event);
  else if (kind.startsWith("downlink") || kind.startsWith("sms.")) later("messages");
  else if (kind.startsWith("chaos")) later("chaos");
  else if (kind.startsWith("fota.") && shown === "firmware") later("firmware");
  else if (kind.startsWith("clock.")) later("clock");
  else if (kind.startsWith("device.")) later("devices");
}

function state(text) {
  const again = text === "live" && link.textContent === "reconnecting";
  link.textContent = text;
  link.dataset.state = text;
  if (again) start();
  else if (text === "live") later("missed"); // what came between the first look and now
}

async function start() {
  try {
    const before = context.state?.instance;
    context.state = await get("/api/state");
    if (before && before !== context.state.instance) uplinks.reset(); // another server by now
    clock.set(context.state.clock);
    put(about.node, aboutView(context.state));
    await Promise.all([uplinks.load(), devices.refresh(), messages.refresh(), chaos.refresh()]);
  } catch (error) {
    toast(error.message, true);
  }
}

const THEMES = { auto: "◐", light: "☀", dark: "☾" };
const theme = document.getElementById("theme");
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  put(theme, THEMES[name]);
  theme.setAttribute("aria-label", `Colours: ${name}`);
  localStorage.setItem("hil-theme", name);
}
theme.addEventListener("click", () => {
  const all = Object.keys(THEMES);
  setTheme(all[(all.indexOf(document.documentElement.dataset.theme) + 1) % all.length]);
});
setTheme(localStorage.getItem("hil-theme") in THEMES ? localStorage.getItem("hil-theme") : "auto");

const keys = document.getElementById("keys");
document.getElementById("help").addEventListener("click", () => keys.showModal());

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
  if (event.target.closest("input, textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "?") return keys.showModal();
  if (shown !== "uplinks") return;
  const { list, detail } = uplinksView;
  const done = {
    "/": () => uplinksView.search.focus(),
    j: () => list.move(1), k: () => list.move(-1),
    p: () => uplinksView.toggleHold(),
    c: () => detail.copyCurl(), s: () => detail.copySteps(),
  }[event.key];
  if (done) {
    event.preventDefault();
    done();
  } else if (/^[1-6]$/.test(event.key)) detail.choose(Number(event.key) - 1);
});

setInterval(() => shown === "messages" && context.state && messages.draw(), 5000);

show(location.hash.slice(1));
await start();
follow(heard, () => later("missed"), state);
