// A control chart as SVG: panels one above the other, limits as steps, every violation a sign with its rule's mark.
import { drawAxis, drawPanel, shape } from "./control_draw.js";
import { escape } from "./icons.js";

const QUIET_MS = 160;

export class Control {
  constructor(element, { texts, emit }) {
    this.element = element;
    this.texts = texts;
    this.emit = emit;
    this.at = null;
    element.classList.add("lb-control");
    element.innerHTML =
      '<div class="lb-control-stage" tabindex="0" role="application"></div><div class="lb-control-tip" hidden></div>' +
      '<div class="lb-sr" aria-live="polite"></div>';
    [this.stage, this.tip, this.voice] = element.children;
    this.stage.setAttribute("aria-label", texts.chart);
    this.stage.addEventListener("mousemove", (event) => this.hover(event));
    this.stage.addEventListener("mouseleave", () => (this.tip.hidden = true));
    this.stage.addEventListener("click", (event) => this.press(event));
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(element);
  }

  destroy() {
    this.resized.disconnect();
    clearTimeout(this.quiet);
    this.asked = null;
  }

  // The chart behind an address; an answer that was overtaken by a later question is dropped.
  async fetch(url) {
    this.asked = url;
    const response = await fetch(url, { credentials: "same-origin" });
    if (this.asked !== url) return;
    if (response.ok) this.load(await response.json());
    else this.emit("failed", { status: response.status });
  }

  // See `screens.service.quality_view` for what a chart holds.
  load(chart) {
    const chosen = this.data && this.at !== null ? this.data.keys[this.at] : null;
    this.data = chart;
    this.marks = new Map();
    for (const own of chart.marks) {
      const key = `${own.panel}:${own.point}`;
      if (!this.marks.has(key)) this.marks.set(key, []);
      this.marks.get(key).push(own);
    }
    const again = chosen === null ? -1 : chart.keys.indexOf(chosen);
    this.at = again < 0 ? null : again;
    this.draw();
    this.element.dataset.version = chart.version;
  }

  // Put the cursor on a point, by its key.
  show(key) {
    const at = this.data ? this.data.keys.indexOf(key) : -1;
    this.at = at < 0 ? null : at;
    this.draw();
  }

  draw() {
    const width = this.element.clientWidth;
    if (!width || !this.data) return;
    this.view = shape(this.data, width);
    const parts = this.data.panels.map((panel, index) => drawPanel(this.view, this.data, panel, index, this.marks, this.texts));
    parts.push(drawAxis(this.view, this.data));
    if (this.at !== null) parts.push(this.cursor());
    this.stage.innerHTML = `<svg width="${width}" height="${this.view.height}" aria-hidden="true">${parts.join("")}</svg>`;
  }

  cursor() {
    const { view, data } = this;
    const x = view.x(this.at).toFixed(1);
    const rings = data.panels.map((panel, index) => {
      const value = panel.values[this.at];
      return value === null ? "" : `<circle class="lb-qring" cx="${x}" cy="${view.panels[index].y(value).toFixed(1)}" r="7.5"/>`;
    });
    return `<path class="lb-qcursor" d="M${x} ${view.panels[0].top}V${view.panels.at(-1).bottom}"/>${rings.join("")}`;
  }

  index(event) {
    const left = this.stage.getBoundingClientRect().left;
    const at = Math.round((event.clientX - left - this.view.left) / this.view.step - 0.5);
    return at >= 0 && at < this.data.count && event.clientX - left >= this.view.left - 6 ? at : null;
  }

  hover(event) {
    const at = this.data && this.view ? this.index(event) : null;
    this.tip.hidden = at === null;
    if (at === null) return;
    this.tip.innerHTML = this.told(at).map((line, row) => `<div${row ? "" : ' class="lb-qtip-head"'}>${escape(line)}</div>`).join("");
    const wide = this.tip.offsetWidth;
    const x = this.view.x(at);
    this.tip.style.left = `${x + 14 + wide > this.view.width ? Math.max(0, x - wide - 14) : x + 14}px`;
    this.tip.style.top = `${Math.max(0, event.clientY - this.stage.getBoundingClientRect().top - 20)}px`;
  }

  // What there is to say of a point, a line each.
  told(at) {
    const { data } = this;
    const lines = [[data.labels[at], data.clock[at]].filter(Boolean).join(" · ")];
    for (const panel of data.panels) {
      if (panel.said[at]) lines.push(`${panel.name}: ${panel.said[at]}${panel.unit ? ` ${panel.unit}` : ""}`);
    }
    for (const own of data.marks) if (own.point === at) lines.push(`${own.mark} · ${own.text}`);
    if (data.out[at] !== undefined) lines.push(`${this.texts.out}: ${data.out[at]}`);
    for (const text of data.causes[at] ?? []) lines.push(`${this.texts.cause}: ${text}`);
    return lines;
  }

  press(event) {
    const at = this.data && this.view ? this.index(event) : null;
    if (at === null) return;
    this.go(at, true);
  }

  key(event) {
    if (!this.data?.count || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.data.count - 1;
    const here = this.at ?? last + 1;
    const signals = [...new Set(this.data.marks.map((own) => own.point))].sort((a, b) => a - b);
    const to = {
      ArrowLeft: Math.max(0, here - 1),
      ArrowRight: Math.min(last, (this.at ?? -1) + 1),
      Home: 0,
      End: last,
      PageUp: signals.filter((point) => point < here).at(-1) ?? here,
      PageDown: signals.find((point) => point > (this.at ?? -1)) ?? here,
      Enter: here,
    }[event.key];
    if (event.key === "Escape") {
      this.at = null;
      this.draw();
      this.emit("choose", { key: null });
      return;
    }
    if (to === undefined || to > last) return;
    event.preventDefault();
    this.go(to, event.key === "Enter");
  }

  go(at, now) {
    this.at = at;
    this.draw();
    this.voice.textContent = this.told(at).join(", ");
    clearTimeout(this.quiet);
    const choose = () => this.emit("choose", { key: this.data.keys[at] ?? null });
    if (now) choose();
    else this.quiet = setTimeout(choose, QUIET_MS);
  }
}
