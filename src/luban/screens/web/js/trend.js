// A strip chart on one canvas: a lane for each signal, new points at 10 Hz, gaps hatched, doubt marked.
import { number } from "./icons.js";

const LANE = 92;
const AXIS = 22;
const LEFT = 168;
const RIGHT = 14;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400].map((s) => s * 1000);

export class Trend {
  constructor(element, { texts }) {
    this.element = element;
    this.texts = texts;
    this.canvas = element.appendChild(document.createElement("canvas"));
    this.canvas.setAttribute("role", "img");
    this.lanes = [];
    this.gaps = [];
    this.span = 600_000;
    this.skew = 0;
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(element);
    this.canvas.addEventListener("mousemove", (event) => this.hover(event));
    this.canvas.addEventListener("mouseleave", () => this.hover(null));
    this.clock = setInterval(() => document.hidden || this.draw(), 100);
  }

  destroy() {
    clearInterval(this.clock);
    this.resized.disconnect();
  }

  // lanes: [{id, name, unit, low, high, points: [[ms, value|null, doubt 0|1|2], …]}]; offset: plant clock minus UTC [ms]
  load(lanes, gaps, span, offset, serverNow) {
    this.skew = serverNow - Date.now();
    this.lanes = lanes;
    this.gaps = gaps;
    this.span = span;
    this.offset = offset;
    this.draw();
  }

  // changes: {id: [[ms, value|null, doubt], …]}
  push(changes, gaps, serverNow) {
    this.skew = serverNow - Date.now();
    if (gaps) this.gaps = gaps;
    const oldest = serverNow - this.span * 1.2;
    for (const lane of this.lanes) {
      const fresh = changes[lane.id];
      if (!fresh) continue;
      const last = lane.points.at(-1)?.[0] ?? -Infinity;
      lane.points.push(...fresh.filter((point) => point[0] > last));
      let stale = 0;
      while (stale < lane.points.length - 2 && lane.points[stale + 1][0] < oldest) stale++;
      // in slices, because shifting an array of thousands at 10 Hz would show
      if (stale > 500) lane.points.splice(0, stale);
    }
  }

  hover(event) {
    this.mouse = event ? { x: event.offsetX, y: event.offsetY } : null;
    this.draw();
  }

  draw() {
    const width = this.element.clientWidth;
    if (!width) return;
    const height = Math.max(1, this.lanes.length) * LANE + AXIS;
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    const style = getComputedStyle(this.element);
    const ink = (name) => style.getPropertyValue(`--lb-${name}`).trim();
    this.ink = { line: ink("line"), text: ink("text"), quiet: ink("quiet"), rule: ink("rule"), warn: ink("warn"), alarm: ink("alarm"), hatch: ink("hatch"), sheet: ink("sheet") };
    this.font = style.fontFamily;
    const g = this.canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    const end = Date.now() + this.skew;
    const view = { left: LEFT, right: width - RIGHT, start: end - this.span, end };
    view.x = (t) => view.left + ((t - view.start) / this.span) * (view.right - view.left);
    this.axis(g, view, height);
    this.lanes.forEach((lane, index) => this.lane(g, view, lane, index * LANE));
    this.cursor(g, view, height);
    this.canvas.setAttribute("aria-label", this.told());
  }

  told() {
    return this.lanes.map((lane) => `${lane.name}: ${number(lane.points.at(-1)?.[1])} ${lane.unit}`).join("; ") || this.texts.nothing;
  }

  axis(g, view, height) {
    const step = STEPS.find((s) => (s / this.span) * (view.right - view.left) > 90) ?? STEPS.at(-1);
    g.font = `11px ${this.font}`;
    g.textAlign = "center";
    g.textBaseline = "middle";
    g.strokeStyle = this.ink.rule;
    g.fillStyle = this.ink.quiet;
    g.lineWidth = 1;
    const first = Math.ceil((view.start + this.offset) / step) * step - this.offset;
    for (let t = first; t <= view.end; t += step) {
      const x = Math.round(view.x(t)) + 0.5;
      g.beginPath();
      g.moveTo(x, 0);
      g.lineTo(x, height - AXIS);
      g.stroke();
      if (x > view.left + 14 && x < view.right - 14) g.fillText(this.clockText(t, step), x, height - AXIS / 2);
    }
  }

  clockText(t, step) {
    const text = new Date(t + this.offset).toISOString();
    return step < 60_000 ? text.slice(11, 19) : text.slice(11, 16);
  }

  lane(g, view, lane, top) {
    const bottom = top + LANE - 12;
    const inside = lane.points.filter((p) => p[0] >= view.start - this.span * 0.02);
    const values = inside.filter((p) => p[1] !== null).map((p) => p[1]);
    let [low, high] = [lane.low ?? Math.min(...values), lane.high ?? Math.max(...values)];
    if (!values.length) [low, high] = [lane.low ?? 0, lane.high ?? 1];
    else [low, high] = [Math.min(low, ...values), Math.max(high, ...values)];
    if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
    const y = (v) => bottom - ((v - low) / (high - low)) * (bottom - top - 10);
    this.labels(g, view, lane, top, bottom, low, high, y);
    g.save();
    g.beginPath();
    g.rect(view.left, top, view.right - view.left, LANE);
    g.clip();
    for (const [start, end] of this.gaps.filter((gap) => !gap[2] || gap[2] === lane.source)) {
      this.hatch(g, view.x(start), view.x(end ?? view.end), top + 4, bottom);
    }
    this.line(g, view, lane, inside, y, top, bottom);
    g.restore();
  }

  labels(g, view, lane, top, bottom, low, high, y) {
    g.strokeStyle = this.ink.rule;
    g.beginPath();
    g.moveTo(0, bottom + 6.5);
    g.lineTo(view.right + RIGHT, bottom + 6.5);
    g.stroke();
    g.textAlign = "left";
    g.textBaseline = "middle";
    g.fillStyle = this.ink.text;
    g.font = `12px ${this.font}`;
    g.fillText(fit(g, lane.name, LEFT - 46), 0, top + 16);
    const last = lane.points.at(-1);
    g.font = `600 20px ${this.font}`;
    const shown = last ? number(last[1]) : "–";
    g.fillStyle = last?.[2] === 2 || last?.[1] === null ? this.ink.quiet : this.ink.text;
    g.fillText(shown, 0, top + 42);
    const wide = g.measureText(shown).width;
    g.font = `12px ${this.font}`;
    g.fillStyle = this.ink.quiet;
    g.fillText(lane.unit, wide + 5, top + 44);
    if (last?.[2]) g.fillText(this.texts.doubt[last[2]], 0, top + 64);
    g.textAlign = "right";
    g.font = `10px ${this.font}`;
    g.fillText(number(high, 3), view.left - 6, y(high) + 1);
    g.fillText(number(low, 3), view.left - 6, y(low) - 1);
  }

  line(g, view, lane, points, y, top, bottom) {
    const path = new Path2D();
    const doubtful = [];
    let pen = false;
    let broken = null;
    for (const [t, v, doubt] of points) {
      const x = view.x(t);
      if (v === null) {
        pen = false;
        broken ??= x;
        continue;
      }
      if (broken !== null) this.hatch(g, broken, x, top + 4, bottom);
      broken = null;
      // a counter keeps its value until the next one
      if (pen && lane.step) path.lineTo(x, path.last);
      if (pen) path.lineTo(x, y(v));
      else path.moveTo(x, y(v));
      path.last = y(v);
      pen = true;
      if (doubt) doubtful.push([x, y(v), doubt]);
    }
    if (broken !== null) this.hatch(g, broken, view.right, top + 4, bottom);
    g.strokeStyle = this.ink.line;
    g.lineWidth = 1.3;
    g.lineJoin = "round";
    g.stroke(path);
    const last = points.at(-1);
    if (last && last[1] !== null) {
      g.fillStyle = this.ink.line;
      g.beginPath();
      g.arc(view.x(last[0]), y(last[1]), 2.6, 0, 7);
      g.fill();
    }
    g.lineWidth = 1.2;
    let previous = -Infinity;
    for (const [x, at, doubt] of doubtful) {
      // marks of a long doubtful stretch would run into one bar
      if (x - previous < 9) continue;
      previous = x;
      this.mark(g, x, at, doubt);
    }
  }

  mark(g, x, at, doubt) {
    g.strokeStyle = doubt === 2 ? this.ink.alarm : this.ink.warn;
    g.beginPath();
    if (doubt === 2) {
      g.moveTo(x - 3, at - 3);
      g.lineTo(x + 3, at + 3);
      g.moveTo(x + 3, at - 3);
      g.lineTo(x - 3, at + 3);
    } else {
      g.moveTo(x, at - 4);
      g.lineTo(x + 4, at + 3);
      g.lineTo(x - 4, at + 3);
      g.closePath();
    }
    g.stroke();
  }

  hatch(g, from, to, top, bottom) {
    if (to - from < 0.5) return;
    g.save();
    g.beginPath();
    g.rect(from, top, to - from, bottom - top);
    g.clip();
    g.strokeStyle = this.ink.hatch;
    g.lineWidth = 1;
    g.beginPath();
    const high = bottom - top;
    for (let x = from - high - (from % 7); x < to; x += 7) {
      g.moveTo(x, bottom);
      g.lineTo(x + high, top);
    }
    g.stroke();
    g.restore();
  }

  cursor(g, view, height) {
    if (!this.mouse || this.mouse.x < view.left || this.mouse.x > view.right) return;
    const t = view.start + ((this.mouse.x - view.left) / (view.right - view.left)) * this.span;
    const lane = this.lanes[Math.floor(this.mouse.y / LANE)];
    g.strokeStyle = this.ink.quiet;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(this.mouse.x + 0.5, 0);
    g.lineTo(this.mouse.x + 0.5, height - AXIS);
    g.stroke();
    const point = lane && nearest(lane.points, t);
    const text = `${this.clockText(t, 1000)}${point ? `   ${number(point[1])} ${lane.unit}` : ""}`;
    g.font = `12px ${this.font}`;
    const wide = g.measureText(text).width + 12;
    const x = Math.min(this.mouse.x + 8, view.right - wide);
    g.fillStyle = this.ink.sheet;
    g.strokeStyle = this.ink.quiet;
    g.fillRect(x, this.mouse.y - 24, wide, 20);
    g.strokeRect(x + 0.5, this.mouse.y - 23.5, wide, 20);
    g.fillStyle = this.ink.text;
    g.textAlign = "left";
    g.textBaseline = "middle";
    g.fillText(text, x + 6, this.mouse.y - 13);
  }
}

function nearest(points, t) {
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const mid = (low + high) >> 1;
    if (points[mid][0] < t) low = mid + 1;
    else high = mid;
  }
  const after = points[low];
  const before = points[low - 1];
  return before && after && t - before[0] < after[0] - t ? before : after;
}

function fit(g, text, width) {
  if (g.measureText(text).width <= width) return text;
  let cut = text;
  while (cut.length > 1 && g.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
  return `${cut}…`;
}
