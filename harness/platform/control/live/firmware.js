// Firmware over the air: images on offer, and how far each has come.
import { get, post } from "./api.js";
import { attempt, button, el, field, plural, put, table, time } from "./dom.js";

const LARGEST = 16 * 1024 * 1024;

export class FirmwareView {
  constructor() {
    this.device = el("input", { list: "device-names", required: true, autocomplete: "off", spellcheck: "false" });
    this.version = el("input", { required: true, placeholder: "1.1.0", autocomplete: "off", spellcheck: "false", pattern: "[0-9A-Za-z][0-9A-Za-z._+\\-]{0,63}" });
    this.file = el("input", { type: "file" });
    this.size = el("input", { type: "number", value: "4096", min: "160", max: String(LARGEST), step: "1" });
    this.offers = el("div", {});
    this.node = el("div", { class: "page" }, el("h2", {}, "Firmware over the air"),
      el("p", { class: "dim" }, "URL and token go with the device's next uplink; it fetches the image in parts and reports the version."),
      el("form", { class: "card", onsubmit: (event) => this.offer(event) },
        el("h3", {}, "Offer an image"),
        el("div", { class: "columns" }, field("Device", this.device), field("Version", this.version),
          field("Image", this.file), field("Or so many made-up bytes", this.size)),
        el("button", { class: "main" }, "Offer it")),
      el("section", { class: "card" }, el("h3", {}, "On offer"), this.offers));
  }

  async offer(event) {
    event.preventDefault();
    const order = { device: this.device.value, version: this.version.value };
    await this.order(async () => {
      const [file] = this.file.files;
      if (file && file.size > LARGEST) throw new Error("an image has at most 16 MiB");
      if (file) order.image = await base64(file);
      else order.size = Number(this.size.value);
      await post("/api/firmware", order);
    }, `${order.version} is on offer`);
  }

  async order(what, done) {
    await attempt(what, done);
    await this.refresh();
  }

  async refresh() {
    try {
      const offers = await get("/api/firmware");
      put(this.offers, table(["Offer", "Device", "Version", "Fetched", "Reported", "Findings", ""],
        offers.reverse().map((one) => this.row(one)), "No firmware was offered."));
    } catch (error) {
      put(this.offers, el("p", { class: "dim" }, error.message));
    }
  }

  row(one) {
    const left = one.missing.reduce((sum, run) => sum + size(run), 0);
    const got = one.size - left;
    const path = `/api/firmware/${encodeURIComponent(one.id)}/renew`;
    return [
      one.id, one.device, one.version,
      [el("progress", { value: String(got), max: String(one.size), "aria-label": `${one.id} fetched` }),
        el("p", { class: "dim" }, `${got.toLocaleString("en")} of ${plural(one.size, "byte")}, ${plural(one.requests, "request")}`)],
      one.reported ? [el("span", { class: "chip good" }, one.reported), " ", el("span", { class: "dim" }, time(one.reported_at))] : "–",
      one.findings.length ? one.findings.map((found) => el("p", {},
        el("span", { class: `chip ${{ error: "bad", warning: "warn" }[found.severity] ?? ""}` }, found.requirement), ` ${found.message}`)) : "none",
      one.reported ? "" : button("New token", () => this.order(() => post(path, {}), `${one.id} goes out again`), { class: "quiet", "aria-label": `A new token for ${one.id}` }),
    ];
  }
}

function size(run) {
  const [first, last] = run.split("-").map(Number);
  return last - first + 1;
}

function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => failed(new Error("the file cannot be read"));
    reader.readAsDataURL(file);
  });
}
