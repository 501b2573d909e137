// Draws the Gantt on one canvas: only the rows and the span of time that are seen.
import { escape } from "./icons.js";

export const ROW = 30;
export const GROUP = 22;
export const AXIS = 40;
export const LEFT = 156;
const HUES = 10;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 40320, 120960].map((minutes) => minutes * 60_000);
const DAY = 86_400_000;

// place of the first value that is not below `value`, of rising values
export function first(values, value) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Painter {
  constructor(canvas, texts) {
    this.canvas = canvas;
    this.texts = texts;
    this.g = canvas.getContext("2d");
    this.wide = new Map();
  }

  size(width, height) {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.ratio = ratio;
  }

  inks() {
    if (this.ink) return;
    const style = getComputedStyle(this.canvas);
    const ink = (name) => style.getPropertyValue(`--lb-${name}`).trim();
    this.ink = Object.fromEntries(["text", "quiet", "rule", "edge", "line", "sheet", "raised", "alarm", "warn", "focus", "hatch", "closed", "bar-edge", "page"].map((name) => [name, ink(name)]));
    this.ink.hues = Array.from({ length: HUES }, (_, at) => ink(`g${at}`));
    this.font = style.fontFamily;
    this.wide.clear();
    this.hatch = this.pattern(this.ink.hatch, 6, 1);
    this.cross = this.pattern(this.ink.hatch, 7, 2);
  }

  // diagonal lines, one way or both
  pattern(colour, size, ways) {
    const tile = document.createElement("canvas");
    const ratio = this.ratio ?? 1;
    tile.width = tile.height = Math.round(size * ratio);
    const g = tile.getContext("2d");
    const s = tile.width;
    g.strokeStyle = colour;
    g.lineWidth = 1.1 * ratio;
    g.beginPath();
    for (const shift of [-s, 0, s]) {
      g.moveTo(shift, s);
      g.lineTo(shift + s, 0);
      if (ways === 2) {
        g.moveTo(shift, 0);
        g.lineTo(shift + s, s);
      }
    }
    g.stroke();
    const made = this.g.createPattern(tile, "repeat");
    made.setTransform(new DOMMatrix().scale(1 / ratio));
    return made;
  }

  legend(names, colour, data) {
    this.inks();
    const t = this.texts;
    const shown = names.slice(0, 12);
    const swatch = (style) => `<i class="lb-swatch" style="${style}"></i>`;
    const parts = colour === "order" && names.length > 12 ? [] : shown.map((name, at) => `<span>${swatch(`background: ${this.ink.hues[at % HUES]}`)} ${escape(name || t.none)}</span>`);
    if (names.length > shown.length && parts.length) parts.push(`<span>+${names.length - shown.length}</span>`);
    parts.push(`<span>${swatch(`background: repeating-linear-gradient(-45deg, ${this.ink.hatch} 0 1px, transparent 1px 4px)`)} ${escape(t.setup)}</span>`);
    if (data.calendar.some((own) => own >= 0)) parts.push(`<span>${swatch(`background: ${this.ink.closed}`)} ${escape(t.closed)}</span>`);
    if (data.jobs.some((job) => job.kind)) parts.push(`<span>${swatch(`background: repeating-linear-gradient(45deg, ${this.ink.hatch} 0 1px, transparent 1px 4px), repeating-linear-gradient(-45deg, ${this.ink.hatch} 0 1px, transparent 1px 4px)`)} ${escape(t.maintenance)}</span>`);
    parts.push(`<span><b class="lb-late">▲</b> ${escape(t.lateWord)}</span>`, `<span>⚑ ${escape(t.due)}</span>`, `<span>${PIN} ${escape(t.locked)}</span>`);
    return parts.join("");
  }

  // Returns how many bars were drawn.
  draw(v) {
    this.inks();
    const g = this.g;
    const { width, height } = v;
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.fillStyle = this.ink.sheet;
    g.fillRect(0, 0, width, height);
    const rows = v.rows.filter((row) => row.y + row.high > v.top && row.y < v.top + height - AXIS);
    this.from = v.left;
    this.until = v.left + v.plot / v.scale;
    g.save();
    g.beginPath();
    g.rect(LEFT, AXIS, width - LEFT, height - AXIS);
    g.clip();
    for (const row of rows) if (row.kind === "row" && v.by === "machine") this.closures(v, row);
    this.grid(v, height);
    for (const row of rows) this.ground(v, row);
    this.dim = v.selected !== null || (v.path && v.data.critical.length > 0);
    this.lit = new Set();
    if (v.selected !== null) {
      const job = v.data.job[v.selected];
      v.data.job.forEach((own, op) => own === job && this.lit.add(op));
      v.chain.forEach((op) => this.lit.add(op));
    }
    if (v.path) v.data.critical.forEach((op) => this.lit.add(op));
    let drawn = 0;
    for (const row of rows) if (row.kind === "row") drawn += this.bars(v, row);
    this.links(v);
    this.changes(v);
    this.ghosts(v);
    this.dues(v, rows);
    this.now(v, height);
    this.carried(v);
    g.restore();
    this.labels(v, rows);
    this.axis(v);
    return drawn;
  }

  y(v, row) {
    return AXIS + row.y - v.top;
  }

  ground(v, row) {
    const g = this.g;
    const y = this.y(v, row);
    if (row.kind === "group") {
      g.fillStyle = this.ink.page;
      g.fillRect(LEFT, y, v.width - LEFT, row.high);
    }
    if (v.drag && row.kind === "row" && !v.data.eligible[v.drag.op].includes(row.index)) {
      g.fillStyle = this.ink.page;
      g.globalAlpha = 0.75;
      g.fillRect(LEFT, y, v.width - LEFT, row.high);
      g.globalAlpha = 1;
    }
    g.strokeStyle = this.ink.rule;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(LEFT, y + row.high - 0.5);
    g.lineTo(v.width, y + row.high - 0.5);
    g.stroke();
  }

  closures(v, row) {
    const calendar = v.data.calendar[row.index];
    if (calendar < 0) return;
    const g = this.g;
    g.fillStyle = this.ink.closed;
    const y = this.y(v, row);
    for (const [a, b] of v.data.closed[calendar]) {
      if (b < this.from) continue;
      if (a > this.until) break;
      const wide = (b - a) * v.scale;
      if (wide > 0.6) g.fillRect(v.x(a), y, wide, row.high);
    }
  }

  // ---------------------------------------------------------------- bars

  fill(v, op) {
    return this.ink.hues[v.hue[op] % HUES];
  }

  bars(v, row) {
    const g = this.g;
    const d = v.data;
    const [starts, ends] = d.bar;
    const [setups, ready] = d.setup;
    const y = this.y(v, row) + 5;
    const high = row.high - 10;
    let drawn = 0;
    let edge = -Infinity;
    let batch = -1;
    const margin = 200 / v.scale;
    for (let at = first(row.reach, this.from); at < row.ops.length; at += 1) {
      const op = row.ops[at];
      if (Math.min(starts[op], setups[op]) > this.until + margin) break;
      if (starts[op] > this.until) {
        if (ready[op] > setups[op]) this.setup(v, op, y, high, 0.8);
        continue;
      }
      const moved = v.taken?.has(op) || v.drag?.op === op;
      if (d.batch[op] >= 0 && d.batch[op] === batch && v.by === "machine") continue;
      batch = d.batch[op];
      const x = v.x(starts[op]);
      const wide = Math.max(1, (ends[op] - starts[op]) * v.scale);
      drawn += 1;
      if (wide < 1.5 && x + wide < edge + 0.8) continue; // hidden by its neighbour
      edge = x + wide;
      const faint = moved ? 0.25 : this.dim && !this.lit.has(op) ? 0.32 : 1;
      if (ready[op] > setups[op]) this.setup(v, op, y, high, faint);
      this.one(v, op, x, y, wide, high, faint);
      const next = row.ops[at + 1];
      this.words(v, op, x, y, wide, high, faint, next === undefined ? Infinity : v.x(Math.min(starts[next], setups[next])));
    }
    g.globalAlpha = 1;
    return drawn;
  }

  setup(v, op, y, high, faint) {
    const g = this.g;
    const [setups, ready] = v.data.setup;
    const x = v.x(setups[op]);
    const wide = Math.max(1, (ready[op] - setups[op]) * v.scale);
    g.globalAlpha = faint;
    g.fillStyle = wide < 3 ? this.ink.hatch : this.hatch;
    g.fillRect(x, y + 2, wide, high - 4);
    if (wide > 4) {
      g.strokeStyle = this.ink.hatch;
      g.lineWidth = 0.8;
      g.strokeRect(x + 0.5, y + 2.5, wide - 1, high - 5);
    }
  }

  one(v, op, x, y, wide, high, faint) {
    const g = this.g;
    const care = v.data.jobs[v.data.job[op]].kind === 1;
    g.globalAlpha = faint;
    g.fillStyle = care ? this.ink.sheet : this.fill(v, op);
    g.fillRect(x, y, wide, high);
    if (care) {
      g.fillStyle = this.cross;
      g.fillRect(x, y, wide, high);
    }
    if (wide > 6) this.pauses(v, op, y, high);
    if (wide > 3) {
      g.strokeStyle = this.ink["bar-edge"];
      g.lineWidth = 1;
      g.strokeRect(x + 0.5, y + 0.5, wide - 1, high - 1);
    }
    if (this.lit.has(op)) {
      const chosen = v.selected !== null && v.data.job[op] === v.data.job[v.selected];
      g.globalAlpha = 1;
      g.strokeStyle = chosen ? this.ink.focus : this.ink.text;
      g.lineWidth = 2;
      g.strokeRect(x, y, Math.max(2, wide), high);
    }
  }

  // where work waits over a closure, the bar is only a band
  pauses(v, op, y, high) {
    const calendar = v.data.calendar[v.data.machine[op]];
    if (calendar < 0) return;
    const [starts, ends] = v.data.bar;
    const closed = v.data.closed[calendar];
    const g = this.g;
    g.fillStyle = v.by === "machine" ? this.ink.closed : this.ink.sheet;
    for (let at = first(v.reopen[calendar], starts[op] + 1); at < closed.length && closed[at][0] < ends[op]; at += 1) {
      const x = v.x(closed[at][0]);
      const wide = (closed[at][1] - closed[at][0]) * v.scale;
      if (wide < 1 || x > v.width) continue;
      g.fillRect(x, y, wide, high / 3);
      g.fillRect(x, y + (2 * high) / 3, wide, high / 3 + 0.5);
    }
  }

  words(v, op, x, y, wide, high, faint, next) {
    const g = this.g;
    const d = v.data;
    const job = d.jobs[d.job[op]];
    const last = job.late > 0 && (d.job[op + 1] !== d.job[op] || op + 1 === d.job.length);
    const held = v.locked.has(op) || v.fixed.has(op);
    g.textBaseline = "middle";
    g.textAlign = "left";
    g.globalAlpha = faint;
    const a = Math.max(x, LEFT);
    let room = Math.min(x + wide, v.width) - a - 8;
    let text = a + 5;
    const middle = y + high / 2 + 0.5;
    if (held && room > 8) {
      this.pin(text + 3, middle, v.locked.has(op));
      text += 11;
      room -= 11;
    }
    const tell = last && v.when ? ` ${this.texts.late.replace("{time}", v.long(job.late))}` : "";
    if (last) {
      g.fillStyle = this.ink.alarm;
      const edge = Math.min(3, Math.max(1, wide / 3));
      g.fillRect(x + wide - edge, y, edge, high);
    }
    if (room > 18) {
      const count = d.batch[op] >= 0 && v.by === "machine" ? d.batch.reduce((sum, own) => sum + (own === d.batch[op]), 0) : 1;
      const name = count > 1 ? this.texts.batch.replace("{n}", count) : v.by === "machine" ? d.operations[op] : d.machines[d.machine[op]].name;
      const shown = job.stop && v.by === "machine" ? job.stop : job.kind === 1 ? `${this.texts.maintenance} ${name}` : name;
      g.font = `11.5px ${this.font}`;
      g.fillStyle = this.ink.text;
      const fits = this.cut(shown, room);
      if (fits.length > 3 || fits === shown) g.fillText(fits, text, middle);
    }
    if (!last) return;
    // where the bar ends after its due date: sign and word beside it, the sign alone where there is no room
    g.globalAlpha = Math.max(faint, 0.6);
    g.fillStyle = this.ink.alarm;
    g.font = `600 11px ${this.font}`;
    const beside = x + wide + 4;
    const free = Math.min(next, v.width) - beside;
    const whole = `▲${tell}`;
    if (free > this.measure(whole) + 4) g.fillText(whole, beside, middle);
    else if (free > 10) g.fillText("▲", beside, middle);
    else if (wide > 12) g.fillText("▲", x + wide - 13, y + 7);
  }

  pin(x, y, own) {
    const g = this.g;
    g.strokeStyle = this.ink.text;
    g.fillStyle = this.ink.text;
    g.lineWidth = 1.2;
    g.beginPath();
    g.arc(x, y - 2.5, 2.7, Math.PI, 0);
    g.stroke();
    g.beginPath();
    g.rect(x - 4, y - 2.2, 8, 6.4);
    if (own) g.fill();
    else g.stroke();
  }

  // ---------------------------------------------------------------- over the bars

  spot(v, op, machine = v.data.machine[op]) {
    const row = v.line.get(v.by === "machine" ? machine : v.data.job[op]);
    return row ? this.y(v, row) : -100;
  }

  links(v) {
    const d = v.data;
    const chains = [];
    if (v.selected !== null) {
      const job = d.job[v.selected];
      chains.push([d.job.map((own, op) => (own === job ? op : -1)).filter((op) => op >= 0), this.ink.focus, []]);
      if (v.chain.length > 1) chains.push([v.chain, this.ink.text, [4, 3]]);
    } else if (v.path) chains.push([d.critical, this.ink.text, []]);
    const g = this.g;
    for (const [chain, colour, dash] of chains) {
      g.strokeStyle = colour;
      g.lineWidth = 1.4;
      g.setLineDash(dash);
      g.beginPath();
      for (let at = 1; at < chain.length; at += 1) {
        const [a, b] = [chain[at - 1], chain[at]];
        const [x0, x1] = [v.x(d.bar[1][a]), v.x(d.bar[0][b])];
        const [y0, y1] = [this.spot(v, a) + ROW / 2, this.spot(v, b) + ROW / 2];
        if (y0 === y1 && x1 - x0 < 3) continue;
        const bend = Math.max(6, Math.min(24, (x1 - x0) / 2));
        g.moveTo(x0, y0);
        g.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
      }
      g.stroke();
    }
    g.setLineDash([]);
  }

  // what a move would change: the new places, dashed
  changes(v) {
    if (!v.taken) return;
    const g = this.g;
    for (const [op, machine, start, end, setup, ready] of v.taken.values()) {
      const y = this.spot(v, op, machine) + 5;
      const x = v.x(start);
      const wide = Math.max(2, (end - start) * v.scale);
      if (ready > setup) {
        g.fillStyle = this.hatch;
        g.fillRect(v.x(setup), y + 2, Math.max(1, (ready - setup) * v.scale), ROW - 14);
      }
      g.fillStyle = this.fill(v, op);
      g.fillRect(x, y, wide, ROW - 10);
      g.strokeStyle = this.ink.focus;
      g.lineWidth = 1.6;
      g.setLineDash([4, 2]);
      g.strokeRect(x, y, wide, ROW - 10);
      g.setLineDash([]);
      if (wide > 40) {
        g.font = `11.5px ${this.font}`;
        g.fillStyle = this.ink.text;
        g.fillText(this.cut(v.data.operations[op], wide - 10), x + 5, y + ROW / 2 - 5);
      }
    }
  }

  ghosts(v) {
    const g = this.g;
    g.lineWidth = 1.2;
    g.setLineDash([2, 2]);
    for (const [op, machine, start, end] of v.ghost) {
      if (end < this.from || start > this.until) continue;
      const y = this.spot(v, op, machine) + 3;
      g.globalAlpha = this.dim && !this.lit.has(op) ? 0.25 : 0.9;
      g.strokeStyle = this.ink.quiet;
      g.strokeRect(v.x(start) + 0.5, y, Math.max(2, (end - start) * v.scale), ROW - 6);
    }
    g.globalAlpha = 1;
    g.setLineDash([]);
  }

  dues(v, rows) {
    const g = this.g;
    const d = v.data;
    const flag = (tick, y, high, word) => {
      const x = v.x(tick);
      if (x < LEFT - 2 || x > v.width) return;
      g.strokeStyle = this.ink.text;
      g.fillStyle = this.ink.text;
      g.lineWidth = 1.4;
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(x, y + high);
      g.stroke();
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(x + 8, y + 3.5);
      g.lineTo(x, y + 7);
      g.fill();
      if (word) {
        g.font = `11px ${this.font}`;
        g.textBaseline = "middle";
        const wide = this.measure(word);
        const left = x + 12 + wide > v.width ? x - wide - 6 : x + 12;
        g.fillStyle = this.ink.sheet;
        g.globalAlpha = 0.85;
        g.fillRect(left - 2, y - 1, wide + 4, 14);
        g.globalAlpha = 1;
        g.fillStyle = this.ink.text;
        g.fillText(word, left, y + 6);
      }
    };
    if (v.by === "order") {
      for (const row of rows) if (row.kind === "row" && d.jobs[row.index].due !== null) flag(d.jobs[row.index].due, this.y(v, row) + 2, row.high - 4, "");
    }
    const job = v.selected === null ? null : d.jobs[d.job[v.selected]];
    if (job && job.due !== null) {
      g.setLineDash(v.by === "order" ? [] : [5, 3]);
      flag(job.due, AXIS + 1, v.height - AXIS, `${this.texts.due} ${job.name}`);
      g.setLineDash([]);
    }
  }

  now(v, height) {
    if (!v.data.tick) return;
    const now = (Date.now() - v.data.start) / v.data.tick;
    if (now < this.from || now > this.until) return;
    const g = this.g;
    const x = Math.round(v.x(now)) + 0.5;
    g.strokeStyle = this.ink.focus;
    g.lineWidth = 1.5;
    g.beginPath();
    g.moveTo(x, AXIS);
    g.lineTo(x, height);
    g.stroke();
    g.font = `600 10.5px ${this.font}`;
    g.fillStyle = this.ink.focus;
    g.textBaseline = "middle";
    g.fillText(this.texts.now, x + 4, height - 9);
  }

  carried(v) {
    if (!v.drag) return;
    const g = this.g;
    const { op, start, machine, long, fits } = v.drag;
    const y = this.spot(v, op, machine) + 4;
    const x = v.x(start);
    const wide = Math.max(3, long * v.scale);
    g.globalAlpha = 0.9;
    g.fillStyle = this.fill(v, op);
    g.fillRect(x, y, wide, ROW - 8);
    g.globalAlpha = 1;
    g.strokeStyle = fits === false ? this.ink.alarm : this.ink.focus;
    g.lineWidth = 2;
    g.strokeRect(x, y, wide, ROW - 8);
  }

  // ---------------------------------------------------------------- frame

  labels(v, rows) {
    const g = this.g;
    g.save();
    g.beginPath();
    g.rect(0, AXIS, LEFT, v.height - AXIS);
    g.clip();
    g.fillStyle = this.ink.sheet;
    g.fillRect(0, AXIS, LEFT, v.height);
    g.textBaseline = "middle";
    g.textAlign = "left";
    for (const row of rows) {
      const y = this.y(v, row);
      if (row.kind === "group") {
        g.fillStyle = this.ink.page;
        g.fillRect(0, y, LEFT, row.high);
        g.font = `600 11.5px ${this.font}`;
        g.fillStyle = this.ink.quiet;
        g.fillText(this.cut(row.name, LEFT - 16), 8, y + row.high / 2);
        continue;
      }
      const late = v.by === "order" && v.data.jobs[row.index].late > 0;
      g.font = `12.5px ${this.font}`;
      g.fillStyle = late ? this.ink.alarm : this.ink.text;
      const note = v.by === "order" ? row.about : "";
      const name = `${late ? "▲ " : ""}${row.name}`;
      g.fillText(this.cut(name, LEFT - 18), 10, y + row.high / 2);
      if (note) {
        const used = this.measure(name) + 18;
        g.font = `11px ${this.font}`;
        g.fillStyle = this.ink.quiet;
        if (used < LEFT - 30) g.fillText(this.cut(note, LEFT - used - 6), used, y + row.high / 2);
      }
      g.strokeStyle = this.ink.rule;
      g.beginPath();
      g.moveTo(0, y + row.high - 0.5);
      g.lineTo(LEFT, y + row.high - 0.5);
      g.stroke();
    }
    g.restore();
    g.strokeStyle = this.ink.edge;
    g.beginPath();
    g.moveTo(LEFT - 0.5, 0);
    g.lineTo(LEFT - 0.5, v.height);
    g.stroke();
  }

  // [ticks between two lines, ms of it], so that a label has room
  step(v) {
    const d = v.data;
    if (!d.tick) {
      const least = 70 / v.scale;
      const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
      const ticks = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least);
      return [ticks, 0];
    }
    const ms = STEPS.find((own) => (own / d.tick) * v.scale > 58) ?? STEPS.at(-1);
    return [ms / d.tick, ms];
  }

  marks(v) {
    const d = v.data;
    const [ticks, ms] = this.step(v);
    const found = [];
    if (!ms) {
      for (let t = Math.ceil(this.from / ticks) * ticks; t <= this.until; t += ticks) found.push([t, t]);
      return { found, ms };
    }
    const zero = d.start + d.offset;
    const a = Math.ceil((zero + this.from * d.tick) / ms) * ms;
    for (let at = a; at <= zero + this.until * d.tick; at += ms) found.push([(at - zero) / d.tick, at]);
    return { found, ms };
  }

  grid(v, height) {
    const g = this.g;
    const { found, ms } = this.marks(v);
    g.lineWidth = 1;
    for (const [tick, at] of found) {
      const x = Math.round(v.x(tick)) + 0.5;
      g.strokeStyle = ms && at % DAY === 0 ? this.ink.edge : this.ink.rule;
      g.beginPath();
      g.moveTo(x, AXIS);
      g.lineTo(x, height);
      g.stroke();
    }
  }

  axis(v) {
    const g = this.g;
    const { found, ms } = this.marks(v);
    g.fillStyle = this.ink.sheet;
    g.fillRect(0, 0, v.width, AXIS);
    g.save();
    g.beginPath();
    g.rect(LEFT, 0, v.width - LEFT, AXIS);
    g.clip();
    g.textBaseline = "middle";
    g.textAlign = "center";
    g.font = `11px ${this.font}`;
    g.fillStyle = this.ink.quiet;
    const text = (at) => new Date(at).toISOString();
    const day = (at) => `${this.texts.days[new Date(at).getUTCDay()]} ${text(at).slice(5, 10)}`;
    for (const [tick, at] of found) {
      const word = !ms ? String(at) : ms >= DAY ? text(at).slice(5, 10) : text(at).slice(11, 16);
      g.fillText(word, v.x(tick), AXIS - 10);
    }
    if (ms && ms < DAY) {
      const d = v.data;
      const zero = d.start + d.offset;
      g.textAlign = "left";
      g.font = `600 11.5px ${this.font}`;
      g.fillStyle = this.ink.text;
      for (let at = Math.floor((zero + this.from * d.tick) / DAY) * DAY; at <= zero + this.until * d.tick; at += DAY) {
        const x = v.x((at - zero) / d.tick);
        const end = v.x((at + DAY - zero) / d.tick);
        const left = Math.max(LEFT + 4, x + 4);
        if (end - left > this.measure(day(at)) + 8) g.fillText(day(at), left, 12);
        g.strokeStyle = this.ink.edge;
        g.beginPath();
        g.moveTo(Math.round(x) + 0.5, 0);
        g.lineTo(Math.round(x) + 0.5, AXIS);
        g.stroke();
      }
    } else if (ms) {
      g.textAlign = "left";
      g.font = `600 11.5px ${this.font}`;
      g.fillStyle = this.ink.text;
      g.fillText(text(v.data.start + v.data.offset + this.from * v.data.tick).slice(0, 7), LEFT + 4, 12);
    }
    g.restore();
    g.strokeStyle = this.ink.edge;
    g.beginPath();
    g.moveTo(0, AXIS - 0.5);
    g.lineTo(v.width, AXIS - 0.5);
    g.stroke();
  }

  measure(text) {
    const key = this.g.font + text;
    let wide = this.wide.get(key);
    if (wide === undefined) {
      if (this.wide.size > 20_000) this.wide.clear();
      this.wide.set(key, (wide = this.g.measureText(text).width));
    }
    return wide;
  }

  cut(text, room) {
    if (this.measure(text) <= room) return text;
    let [low, high] = [0, text.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.measure(`${text.slice(0, middle)}…`) <= room) low = middle;
      else high = middle - 1;
    }
    return low ? `${text.slice(0, low)}…` : "";
  }
}

const PIN = '<svg class="lb-icon" viewBox="0 0 16 16" width="13" height="13" aria-hidden="true"><path class="lb-open" d="M5 7V5a3 3 0 0 1 6 0v2"/><path d="M3.6 7h8.8v6.4H3.6z"/></svg>';
