// States over time as one SVG strip for each work unit; what nobody saw is hatched, never filled in.
import { escape, icon, length } from "./icons.js";

const ROW = 34;
const LEFT = 150;
const RIGHT = 12;
const AXIS = 20;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400].map((s) => s * 1000);

export class Timeline {
  constructor(element, { texts, emit }) {
    this.element = element;
    this.texts = texts;
    this.emit = emit;
    this.resized = new ResizeObserver(() => this.data && this.draw());
    this.resized.observe(element);
  }

  destroy() {
    this.resized.disconnect();
  }

  // rows: [{id, name, spans: [[start ms, end ms, element, word, reason], …]}]; legend: [[element, word, seconds], …]
  load(rows, legend, start, end, offset) {
    this.data = { rows, legend, start, end, offset };
    this.draw();
  }

  draw() {
    const { rows, legend, start, end, offset } = this.data;
    const width = this.element.clientWidth;
    if (!width) return;
    const height = rows.length * ROW + AXIS;
    const x = (t) => LEFT + ((t - start) / (end - start)) * (width - LEFT - RIGHT);
    const clock = (t) => new Date(t + offset).toISOString();
    const parts = [
      '<defs><pattern id="lb-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
        '<rect class="lb-hatch-ground" width="7" height="7"/><path class="lb-hatch-line" d="M0 0V7"/></pattern></defs>',
    ];
    const step = STEPS.find((s) => (s / (end - start)) * (width - LEFT - RIGHT) > 70) ?? STEPS.at(-1);
    for (let t = Math.ceil((start + offset) / step) * step - offset; t <= end; t += step) {
      const at = x(t).toFixed(1);
      parts.push(`<path class="lb-rule" d="M${at} 0V${height - AXIS}"/>`);
      if (x(t) < width - 20) parts.push(`<text class="lb-tick" x="${at}" y="${height - 5}">${clock(t).slice(11, step < 60_000 ? 19 : 16)}</text>`);
    }
    rows.forEach((row, index) => {
      const top = index * ROW + 5;
      parts.push(`<text class="lb-label" x="0" y="${top + 16}"><title>${escape(row.id)}</title>${escape(row.name.length > 20 ? `${row.name.slice(0, 19)}…` : row.name)}</text>`);
      for (const [from, to, kind, word, reason] of row.spans) {
        const wide = Math.max(0.75, x(to) - x(from));
        const seconds = (to - from) / 1000;
        const told = `${word}${reason ? ` – ${reason}` : ""}: ${clock(from).slice(11, 19)} – ${clock(to).slice(11, 19)} (${length(seconds, this.texts)})`;
        parts.push(
          `<rect class="lb-span lb-fill-${kind}" data-kind="${kind}" x="${x(from).toFixed(2)}" y="${top}" width="${wide.toFixed(2)}" height="${ROW - 12}"><title>${escape(told)}</title></rect>`,
        );
      }
    });
    const told = legend.map(([, word, seconds]) => `${word} ${length(seconds, this.texts)}`).join(", ");
    this.element.innerHTML =
      `<svg role="img" aria-label="${escape(`${this.texts.timeline}: ${told}`)}" width="${width}" height="${height}">${parts.join("")}</svg>` +
      `<div class="lb-legend">${legend
        .map(([kind, word, seconds]) => `<span><i class="lb-swatch lb-fill-${kind}"></i>${icon(kind)} ${escape(word)} <b>${length(seconds, this.texts)}</b></span>`)
        .join("")}</div>`;
  }
}
