// How values lie between the limits: bars, specification and control limits, the normal curve of the same mean and spread.
import { ticks } from "./control_draw.js";
import { escape } from "./icons.js";

const HEIGHT = 188;
const TOP = 30;
const AXIS = 22;
const SIDE = 10;

export class Histogram {
  constructor(element, { texts }) {
    this.element = element;
    this.texts = texts;
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(element);
  }

  destroy() {
    this.resized.disconnect();
  }

  // {edges, counts, curve: [[value, height], …], lines: [{at, name, kind}], told}
  load(data) {
    this.data = data;
    this.draw();
  }

  draw() {
    const width = this.element.clientWidth;
    const { data } = this;
    if (!width || !data) return;
    if (!data.counts.length) {
      this.element.innerHTML = "";
      return;
    }
    const held = [data.edges[0], data.edges.at(-1), ...data.lines.map((own) => own.at)];
    const [low, up] = [Math.min(...held), Math.max(...held)];
    const room = 0.04 * (up - low) || 0.5;
    const x = (v) => SIDE + ((v - low + room) / (up - low + 2 * room)) * (width - 2 * SIDE);
    const most = Math.max(...data.counts, ...data.curve.map((own) => own[1]));
    const bottom = HEIGHT - AXIS;
    const y = (n) => bottom - (n / most) * (bottom - TOP - 6);
    const parts = data.counts.map((count, at) => {
      const [a, b] = [x(data.edges[at]), x(data.edges[at + 1])];
      return count
        ? `<rect class="lb-qbar" data-count="${count}" x="${(a + 0.5).toFixed(1)}" y="${y(count).toFixed(1)}" width="${Math.max(0.5, b - a - 1).toFixed(1)}" height="${(bottom - y(count)).toFixed(1)}"><title>${count}</title></rect>`
        : "";
    });
    const curve = data.curve.map(([v, n], at) => `${at ? "L" : "M"}${x(v).toFixed(1)} ${y(n).toFixed(1)}`).join("");
    parts.push(`<path class="lb-qcurve" d="${curve}"/><path class="lb-qedge" d="M${SIDE} ${bottom}H${width - SIDE}"/>`);
    parts.push(this.lines(x, bottom, width));
    for (const [at, text] of ticks(low, up, Math.max(2, Math.floor(width / 56)))) {
      if (x(at) > 18 && x(at) < width - 18) parts.push(`<text class="lb-qtick" text-anchor="middle" x="${x(at).toFixed(1)}" y="${HEIGHT - 7}">${text}</text>`);
    }
    this.element.innerHTML = `<svg role="img" aria-label="${escape(data.told)}" width="${width}" height="${HEIGHT}">${parts.join("")}</svg>`;
  }

  lines(x, bottom, width) {
    let last = -Infinity;
    let row = 0;
    return [...this.data.lines]
      .sort((a, b) => a.at - b.at)
      .map((own) => {
        const at = x(own.at);
        // two names that would touch stand one above the other
        row = at - last < 30 ? (row + 1) % 2 : 0;
        last = at;
        const top = 10 + 11 * row;
        const anchor = at < 20 ? "start" : at > width - 20 ? "end" : "middle";
        return `<path class="lb-qline-${own.kind}" d="M${at.toFixed(1)} ${top + 4}V${bottom}"/><text class="lb-qtick" text-anchor="${anchor}" x="${at.toFixed(1)}" y="${top}">${escape(own.name)}</text>`;
      })
      .join("");
  }
}
