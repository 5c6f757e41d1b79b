// A list of any length of which only the visible rows are in the document.
import { el } from "./dom.js";

const SPARE = 6;

export class RowList {
  // `render(item)` gives the content of a row, `choose(item)` hears of the chosen one.
  constructor({ label, height, render, choose, empty }) {
    this.items = [];
    this.height = height;
    this.render = render;
    this.onchoose = choose;
    this.chosen = null;
    this.rows = new Map();
    this.space = el("div", { class: "rows-space", role: "presentation" });
    this.empty = el("p", { class: "empty" }, empty);
    this.node = el("div", {
      class: "rows", role: "listbox", tabindex: "0", "aria-label": label,
      onscroll: () => this.schedule(), onkeydown: (event) => this.key(event),
    }, this.space, this.empty);
    this.scheduled = false;
    new ResizeObserver(() => this.schedule()).observe(this.node);
  }

  // Newest first. Who has scrolled away from the top keeps looking at the same rows.
  set(items) {
    const before = this.items;
    const scrolled = this.node.scrollTop;
    const anchor = scrolled > 2 ? before[Math.floor(scrolled / this.height)] : null;
    this.items = items;
    this.space.style.height = `${items.length * this.height}px`;
    this.empty.hidden = items.length > 0;
    if (anchor) {
      const at = items.indexOf(anchor);
      if (at >= 0) this.node.scrollTop = at * this.height + (scrolled % this.height);
    }
    this.schedule();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  draw() {
    const first = Math.max(0, Math.floor(this.node.scrollTop / this.height) - SPARE);
    const shown = Math.ceil(this.node.clientHeight / this.height) + 2 * SPARE;
    const wanted = new Set(this.items.slice(first, first + shown));
    for (const [item, row] of this.rows) {
      if (!wanted.has(item)) {
        row.remove();
        this.rows.delete(item);
      }
    }
    let index = first;
    for (const item of wanted) {
      let row = this.rows.get(item);
      if (!row) {
        row = el("div", { class: "row", role: "option", onclick: () => this.choose(item) }, this.render(item));
        row.id = `row-${item.key}`;
        this.rows.set(item, row);
        this.space.append(row);
      }
      row.style.transform = `translateY(${index * this.height}px)`;
      row.setAttribute("aria-posinset", index + 1);
      row.setAttribute("aria-setsize", this.items.length);
      row.setAttribute("aria-selected", item === this.chosen);
      index += 1;
    }
    const there = this.chosen && this.rows.has(this.chosen);
    if (there) this.node.setAttribute("aria-activedescendant", `row-${this.chosen.key}`);
    else this.node.removeAttribute("aria-activedescendant");
  }

  choose(item, scroll = false) {
    this.chosen = item;
    const at = this.items.indexOf(item);
    if (scroll && at >= 0) {
      const top = at * this.height;
      if (top < this.node.scrollTop) this.node.scrollTop = top;
      else if (top + this.height > this.node.scrollTop + this.node.clientHeight) {
        this.node.scrollTop = top + this.height - this.node.clientHeight;
      }
    }
    this.schedule();
    this.onchoose(item);
  }

  move(by) {
    if (!this.items.length) return;
    const at = this.chosen ? this.items.indexOf(this.chosen) : -1;
    const to = Math.min(this.items.length - 1, Math.max(0, at + by));
    this.choose(this.items[to], true);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.node.clientHeight / this.height) - 1);
    const by = {
      ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    }[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.move(by);
  }
}
