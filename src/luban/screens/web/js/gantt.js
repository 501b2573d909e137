// A schedule as bars over time, by machine or by order: pan, zoom, drag, keyboard. What is drawn lies in gantt_draw.js.
import { AXIS, GROUP, LEFT, Painter, ROW, first } from "./gantt_draw.js";
import { escape, length } from "./icons.js";

const SCROLL = 12; // the scroll bar's width
const SLOP = 4; // a press that moves less is a click [px]
const LEAST = 180;

export class Gantt {
  constructor(element, { texts, emit }) {
    Object.assign(this, { element, texts, emit, rows: [], by: "machine", colour: "item", path: false, chain: [], ghost: [], selected: null, focused: null, frames: 0 });
    element.classList.add("lb-gantt");
    element.gantt = this;
    element.innerHTML =
      `<div class="lb-gantt-stage" role="group" aria-label="${escape(texts.chart)}"><canvas aria-hidden="true"></canvas>` +
      `<div class="lb-gantt-corner">${["−", "+", "⤢"].map((sign, at) => `<button type="button" class="lb-tool" data-zoom="${at}" aria-label="${escape(texts.zoom[at])}" title="${escape(texts.zoom[at])}">${sign}</button>`).join("")}</div>` +
      `<div class="lb-gantt-scroll" tabindex="-1"><i></i></div>` +
      `<div class="lb-gantt-entry" tabindex="0" role="button" aria-label="${escape(texts.enter)}"></div>` +
      `<div class="lb-gantt-focus" tabindex="-1" role="button" hidden></div><div class="lb-gantt-focus" tabindex="-1" role="button" hidden></div>` +
      `<div class="lb-gantt-tip" role="status" hidden></div></div><div class="lb-gantt-legend lb-legend"></div>`;
    this.stage = element.querySelector(".lb-gantt-stage");
    this.canvas = element.querySelector("canvas");
    this.bar = element.querySelector(".lb-gantt-scroll");
    this.entry = element.querySelector(".lb-gantt-entry");
    this.proxies = [...element.querySelectorAll(".lb-gantt-focus")];
    this.tip = element.querySelector(".lb-gantt-tip");
    this.legend = element.querySelector(".lb-gantt-legend");
    this.painter = new Painter(this.canvas, texts);
    this.resized = new ResizeObserver(() => this.measure());
    this.resized.observe(this.stage);
    this.themed = new MutationObserver(() => this.restyle());
    this.themed.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.listen();
    this.clock = setInterval(() => this.data?.tick && this.soon(), 60_000);
  }

  destroy() {
    this.resized.disconnect();
    this.themed.disconnect();
    clearInterval(this.clock);
    cancelAnimationFrame(this.next);
  }

  listen() {
    const c = this.canvas;
    c.addEventListener("pointerdown", (event) => this.press(event));
    c.addEventListener("pointermove", (event) => this.movePointer(event));
    c.addEventListener("pointerup", (event) => this.release(event));
    c.addEventListener("pointercancel", () => this.drop());
    c.addEventListener("pointerleave", () => this.hover(null));
    c.addEventListener("dblclick", (event) => this.data && this.at(event).op === null && this.fit());
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.bar.addEventListener("scroll", () => {
      this.top = this.bar.scrollTop;
      this.soon();
    });
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.querySelector(".lb-gantt-corner").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button && this.data) [() => this.zoom(1 / 1.5), () => this.zoom(1.5), () => this.fit()][button.dataset.zoom]();
    });
    this.entry.addEventListener("focus", () => this.focusFirst());
  }

  // ---------------------------------------------------------------- data

  // where the chart is; asked again after each change. `edit`: whether the person may move bars
  async fetch(url, edit) {
    this.asked = url;
    try {
      const answer = await fetch(url, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const data = await answer.json();
      if (this.asked === url) this.load(data, edit);
    } catch (error) {
      if (this.asked === url) this.say(`${this.texts.lost} (${error.message})`, true);
    }
  }

  load(data, edit) {
    const same = this.data?.id === data.id;
    this.data = data;
    this.edit = edit;
    this.reopen = data.closed.map((spans) => spans.map((span) => span[1]));
    this.taken = null;
    this.locked = new Set(data.locked);
    this.fixed = new Set(data.fixed);
    if (!same) Object.assign(this, { selected: null, focused: null, chain: [], ghost: [] });
    this.read = performance.now();
    this.arrange();
    if (!same || !this.scale) this.fit();
    this.element.dataset.ready = data.id;
    this.element.dataset.version = data.n;
    this.soon();
  }

  arrange() {
    if (!this.data) return;
    const d = this.data;
    const [starts, ends] = d.bar;
    const rows = [];
    const byRow = new Map();
    const owner = this.by === "machine" ? d.machine : d.job;
    owner.forEach((row, op) => (byRow.get(row) ?? byRow.set(row, []).get(row)).push(op));
    const line = (index, name, about) => {
      const ops = (byRow.get(index) ?? []).sort((a, b) => starts[a] - starts[b] || ends[a] - ends[b] || a - b);
      let far = -Infinity;
      const reach = ops.map((op) => (far = Math.max(far, ends[op])));
      rows.push({ kind: "row", index, name, about, ops, reach, high: ROW });
    };
    if (this.by === "machine") {
      d.groups.forEach((name, group) => {
        const own = d.machines.map((m, at) => [m, at]).filter(([m]) => m.group === group);
        if (name && own.length) rows.push({ kind: "group", name, high: GROUP });
        own.forEach(([m, at]) => line(at, m.name, m.id));
      });
    } else {
      const order = d.jobs.map((_, at) => at).sort((a, b) => (d.jobs[a].due ?? Infinity) - (d.jobs[b].due ?? Infinity) || a - b);
      order.forEach((at) => line(at, d.jobs[at].name, d.jobs[at].item));
    }
    let y = 0;
    for (const row of rows) {
      row.y = y;
      y += row.high;
    }
    this.rows = rows;
    this.high = y;
    this.line = new Map(rows.filter((row) => row.kind === "row").map((row) => [row.index, row]));
    this.order = rows.flatMap((row) => (row.kind === "row" ? row.ops : []));
    this.place = new Map(this.order.map((op, at) => [op, at]));
    this.kinds();
    this.measure();
  }

  // colour of each operation: a number of the palette by item, family or order
  kinds() {
    const d = this.data;
    const key = {
      item: (op) => d.jobs[d.job[op]].item || d.jobs[d.job[op]].name.replace(/[-_/ ]?\d+$/, ""),
      family: (op) => (d.family[op] < 0 ? "" : d.families[d.family[op]]),
      order: (op) => d.jobs[d.job[op]].name,
    }[this.colour];
    const names = d.operations.map((_, op) => key(op));
    const known = [...new Set(names)].sort();
    const number = new Map(known.map((name, at) => [name, at]));
    this.hue = names.map((name) => number.get(name));
    this.legend.innerHTML = this.painter.legend(known, this.colour, d);
  }

  measure() {
    const width = this.stage.clientWidth;
    if (!width || !this.data) return;
    const most = this.tall ?? Math.max(380, window.innerHeight - 360);
    const room = Math.max(LEAST, Math.min(most, this.high + AXIS + 8));
    this.stage.style.height = `${room}px`;
    this.width = width - (this.high + AXIS + 8 <= room ? 0 : SCROLL);
    this.height = room;
    this.bar.style.top = `${AXIS}px`;
    this.bar.hidden = this.high + AXIS + 8 <= room;
    this.bar.firstElementChild.style.height = `${this.high + 8}px`;
    this.painter.size(this.width, this.height);
    this.top = this.bar.scrollTop;
    this.soon();
  }

  restyle() {
    this.painter.ink = null;
    if (this.data) this.kinds();
    this.soon();
  }

  // ---------------------------------------------------------------- what the page tells

  view(by) {
    if (this.by === by) return;
    this.by = by;
    this.bar.scrollTop = 0;
    this.arrange();
  }

  paint(colour) {
    this.colour = colour;
    if (this.data) this.kinds();
    this.soon();
  }

  critical(on) {
    this.path = on;
    this.soon();
  }

  // operations that lead to the end of the chosen order
  leads(chain) {
    this.chain = chain;
    this.soon();
  }

  // [operation, machine, start, end] where another plan has them
  ghosts(list) {
    this.ghost = list;
    this.element.dataset.ghosts = list.length;
    this.soon();
  }

  // [operation, machine, start, end, setup start, setup end] of what a move would change; null: taken back
  preview(changes) {
    this.taken = changes && new Map(changes.map((row) => [row[0], row]));
    this.element.dataset.preview = changes ? changes.length : "";
    this.soon();
  }

  refuse(text) {
    this.taken = null;
    this.element.dataset.preview = "";
    this.say(text, true);
    this.soon();
  }

  show(op) {
    if (op === null || op === undefined || !this.place?.has(op)) return;
    this.pick(op, false);
    this.reveal(op);
  }

  say(text, alarm) {
    this.tip.hidden = false;
    this.tip.className = `lb-gantt-tip${alarm ? " lb-alarm" : ""}`;
    this.tip.innerHTML = `${alarm ? '<b aria-hidden="true">✕ </b>' : ""}${escape(text)}`;
    this.tip.setAttribute("role", alarm ? "alert" : "status");
    const at = this.mouse ?? { x: LEFT + 20, y: AXIS + 20 };
    this.placeTip(at);
    clearTimeout(this.fading);
    if (alarm) this.fading = setTimeout(() => (this.tip.hidden = true), 9000);
    this.holding = alarm ? performance.now() : 0;
  }

  placeTip(at) {
    const wide = Math.min(360, this.tip.offsetWidth || 240);
    const x = Math.max(4, Math.min(this.width - wide - 6, at.x + 14));
    const high = this.tip.offsetHeight || 60;
    const y = at.y + 18 + high > this.height ? Math.max(2, at.y - high - 12) : at.y + 18;
    this.tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  // ---------------------------------------------------------------- view

  get plot() {
    return Math.max(40, this.width - LEFT);
  }

  x(tick) {
    return LEFT + (tick - this.left) * this.scale;
  }

  fit() {
    const [first, last] = this.data.horizon;
    const pad = Math.max(1, (last - first) * 0.03);
    this.scale = this.plot / (last - first + 2 * pad);
    this.left = first - pad;
    this.soon();
  }

  zoom(factor, x = LEFT + this.plot / 2) {
    if (!this.data) return;
    const [first, last] = this.data.horizon;
    const tick = this.left + (x - LEFT) / this.scale;
    const least = this.plot / ((last - first) * 4 + 1);
    const most = this.data.tick ? this.plot / (120_000 / this.data.tick) : this.plot / 2;
    this.scale = Math.max(least, Math.min(Math.max(most, least * 8), this.scale * factor));
    this.left = tick - (x - LEFT) / this.scale;
    this.bound();
  }

  pan(dx, dy) {
    this.left -= dx / this.scale;
    if (dy) this.bar.scrollTop = this.top - dy;
    this.bound();
  }

  bound() {
    const [first, last] = this.data.horizon;
    const shown = this.plot / this.scale;
    const slack = Math.max(shown * 0.8, (last - first) * 0.05);
    this.left = Math.max(first - slack, Math.min(last + slack - shown, this.left));
    this.soon();
  }

  reveal(op) {
    const [starts, ends] = this.data.bar;
    const row = this.line.get(this.by === "machine" ? this.data.machine[op] : this.data.job[op]);
    const shown = this.plot / this.scale;
    if (starts[op] < this.left || Math.min(ends[op], starts[op] + shown / 3) > this.left + shown) this.left = starts[op] - shown / 4;
    if (row.y < this.top) this.bar.scrollTop = Math.max(0, row.y - GROUP);
    else if (row.y + ROW > this.top + this.height - AXIS) this.bar.scrollTop = row.y + ROW - (this.height - AXIS) + 8;
    this.top = this.bar.scrollTop;
    this.bound();
  }

  soon() {
    if (this.next) return;
    this.next = requestAnimationFrame(() => {
      this.next = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.data || !this.width || !this.scale) return;
    const begun = performance.now();
    this.element.dataset.bars = this.painter.draw(this);
    this.spent = performance.now() - begun;
    this.frames += 1;
    this.follow();
  }

  // ---------------------------------------------------------------- pointer

  at(event) {
    const x = event.offsetX;
    const y = event.offsetY;
    const found = { x, y, op: null, row: null, tick: this.left + (x - LEFT) / this.scale };
    if (y < AXIS || !this.data) return found;
    const deep = y - AXIS + this.top;
    found.row = this.rows.find((row) => deep >= row.y && deep < row.y + row.high) ?? null;
    if (found.row?.kind === "row" && x > LEFT) found.op = this.hit(found.row, found.tick, 3 / this.scale);
    return found;
  }

  hit(row, tick, near) {
    const [starts, ends] = this.data.bar;
    let best = null;
    let far = near;
    for (let at = first(row.reach, tick - near); at < row.ops.length && starts[row.ops[at]] <= tick + near; at += 1) {
      const op = row.ops[at];
      const gap = Math.max(0, starts[op] - tick, tick - ends[op]);
      if (gap <= far) [best, far] = [op, gap];
    }
    return best;
  }

  press(event) {
    if (event.button !== 0 || !this.data) return;
    const at = this.at(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.down = { ...at, left: this.left, moved: false };
    this.tip.hidden = true;
    event.preventDefault();
  }

  movePointer(event) {
    if (!this.data) return;
    const at = this.at(event);
    this.mouse = at;
    if (!this.down) return this.hover(at);
    const dx = at.x - this.down.x;
    const dy = at.y - this.down.y;
    if (!this.down.moved && Math.hypot(dx, dy) < SLOP) return;
    this.down.moved = true;
    if (this.down.op === null || this.by !== "machine") {
      const last = this.down.last ?? this.down;
      this.pan(at.x - last.x, at.y - last.y);
      this.down.last = at;
      return;
    }
    if (!this.drag && !this.grab(this.down.op)) return;
    this.drag.start = this.snap(this.drag.from + dx / this.scale);
    if (at.row?.kind === "row") this.drag.machine = at.row.index;
    this.dragged();
    if (at.x > this.width - 24) this.pan(-14, 0);
    else if (at.x < LEFT + 24 && at.x > LEFT) this.pan(14, 0);
  }

  release() {
    const down = this.down;
    this.down = null;
    if (!down) return;
    if (this.drag) return this.put();
    if (down.moved) return;
    if (down.op === null) this.pick(null, true);
    else {
      this.focus(down.op, false);
      this.pick(down.op, true);
    }
  }

  hover(at) {
    if (this.holding && performance.now() - this.holding < 4000) return;
    const op = at?.op ?? null;
    this.canvas.style.cursor = op === null ? "" : this.by === "machine" && this.movable(op) ? "grab" : "pointer";
    if (op === null) {
      this.tip.hidden = true;
      this.over = null;
      return;
    }
    if (op !== this.over) {
      this.over = op;
      this.tip.className = "lb-gantt-tip";
      this.tip.innerHTML = this.told(op).map((text, line) => (line ? `<div>${escape(text)}</div>` : `<b>${escape(text)}</b>`)).join("");
      this.tip.hidden = false;
    }
    this.placeTip(at);
  }

  wheel(event) {
    if (!this.data) return;
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    const step = event.deltaMode === 1 ? 16 : 1;
    if (x < LEFT || event.altKey) {
      if (this.high + AXIS <= this.height) return;
      this.bar.scrollTop = this.top + event.deltaY * step;
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(-(event.deltaX || event.deltaY) * step, 0);
    else this.zoom(Math.exp(-event.deltaY * step * 0.0016), x);
    event.preventDefault();
  }

  // ---------------------------------------------------------------- moving a bar

  // whole minutes where ticks are finer
  snap(tick) {
    const step = this.data.tick && this.data.tick < 60_000 ? Math.round(60_000 / this.data.tick) : 1;
    return Math.round(tick / step) * step;
  }

  movable(op) {
    return this.edit && !this.locked.has(op) && !this.fixed.has(op);
  }

  grab(op) {
    if (!this.movable(op)) {
      this.down = null;
      this.say(this.edit ? this.texts.held : this.texts.reader, true);
      return false;
    }
    const start = this.data.bar[0][op];
    this.drag = { op, from: start, start, machine: this.data.machine[op], long: this.data.bar[1][op] - start };
    this.canvas.style.cursor = "grabbing";
    return true;
  }

  dragged() {
    const { op, start, machine } = this.drag;
    const fits = this.data.eligible[op].includes(machine);
    this.drag.fits = fits;
    this.tip.hidden = false;
    this.tip.className = "lb-gantt-tip";
    const words = fits ? "" : `<div><b aria-hidden="true">✕ </b>${escape(this.texts.unfit)}</div>`;
    this.tip.innerHTML = `<b>${escape(this.data.operations[op])}</b><div>${escape(this.data.machines[machine].name)} · ${escape(this.when(start))}</div>${words}`;
    this.placeTip(this.mouse ?? { x: this.x(start), y: AXIS + this.line.get(machine).y - this.top });
    this.soon();
  }

  put() {
    const { op, start, machine, from } = this.drag;
    this.drag = null;
    this.tip.hidden = true;
    this.canvas.style.cursor = "";
    this.soon();
    if (start !== from || machine !== this.data.machine[op]) this.emit("move", { operation: op, machine, start, version: this.data.n });
  }

  drop() {
    this.drag = null;
    this.down = null;
    this.tip.hidden = true;
    this.soon();
  }

  // ---------------------------------------------------------------- focus and keys

  pick(op, tell) {
    this.selected = op;
    if (op === null) this.chain = [];
    this.element.dataset.selected = op === null ? "" : this.data.operations[op];
    if (tell) this.emit("choose", { operation: op });
    this.soon();
  }

  focusFirst() {
    if (!this.data || !this.order.length) return;
    const [starts] = this.data.bar;
    const inView = this.order.find((op) => starts[op] >= this.left && starts[op] <= this.left + this.plot / this.scale);
    this.focus(this.focused ?? inView ?? this.order[0], true);
  }

  // a bar under the keyboard: one of two elements takes its place, so that a reader hears each step
  focus(op, seen) {
    this.focused = op;
    this.free = false;
    if (seen) this.reveal(op);
    this.turn = 1 - (this.turn ?? 0);
    const proxy = this.proxies[this.turn];
    proxy.hidden = false;
    proxy.setAttribute("aria-label", this.told(op).join(", "));
    proxy.setAttribute("aria-pressed", String(this.selected === op));
    proxy.dataset.operation = this.data.operations[op];
    this.follow();
    proxy.focus({ preventScroll: true });
    this.proxies[1 - this.turn].hidden = true;
    this.entry.tabIndex = -1;
  }

  follow() {
    const proxy = this.proxies[this.turn ?? 0];
    if (this.focused === null || this.focused === undefined || proxy.hidden) return;
    const op = this.focused;
    const row = this.line.get(this.by === "machine" ? this.data.machine[op] : this.data.job[op]);
    const [starts, ends] = this.data.bar;
    const a = Math.max(LEFT, this.x(starts[op]));
    const b = Math.min(this.width, Math.max(a + 6, this.x(ends[op])));
    const y = AXIS + row.y - this.top;
    proxy.style.transform = `translate(${a - 2}px, ${y + 2}px)`;
    proxy.style.width = `${Math.max(8, b - a + 4)}px`;
    proxy.style.visibility = y < AXIS - 4 || y > this.height - 8 || a > this.width ? "hidden" : "";
  }

  neighbour(op, dx, dy) {
    const d = this.data;
    const row = this.line.get(this.by === "machine" ? d.machine[op] : d.job[op]);
    if (dx) return row.ops[row.ops.indexOf(op) + dx] ?? op;
    const lines = this.rows.filter((own) => own.kind === "row" && own.ops.length);
    const to = lines[lines.indexOf(row) + dy];
    if (!to) return op;
    return to.ops.reduce((best, own) => (Math.abs(d.bar[0][own] - d.bar[0][op]) < Math.abs(d.bar[0][best] - d.bar[0][op]) ? own : best));
  }

  key(event) {
    if (!this.data || event.target === this.bar || event.target.closest("button")) return;
    const command = event.ctrlKey || event.metaKey;
    const letter = event.key.toLowerCase();
    if (command && (letter === "z" || letter === "y")) {
      event.preventDefault();
      return this.emit(letter === "y" || event.shiftKey ? "redo" : "undo", {});
    }
    if (command || event.altKey) return;
    if (this.carried) return this.carry(event);
    const op = this.focused ?? null;
    const go = (to) => to !== null && this.focus(to, true);
    const acts = {
      ArrowRight: () => go(op === null ? null : this.neighbour(op, 1, 0)),
      ArrowLeft: () => go(op === null ? null : this.neighbour(op, -1, 0)),
      ArrowDown: () => go(op === null ? null : this.neighbour(op, 0, 1)),
      ArrowUp: () => go(op === null ? null : this.neighbour(op, 0, -1)),
      Enter: () => op !== null && this.pick(op, true),
      " ": () => op !== null && this.pick(op, true),
      Escape: () => this.escape(),
      l: () => op !== null && this.emit("lock", { operation: op }),
      m: () => op !== null && this.lift(op),
      "+": () => this.zoom(1.4),
      "=": () => this.zoom(1.4),
      "-": () => this.zoom(1 / 1.4),
      0: () => this.fit(),
      Home: () => go(this.order[0] ?? null),
      End: () => go(this.order.at(-1) ?? null),
    };
    if (event.key === "Tab" && this.free) return;
    if (event.key === "Tab") {
      const to = op === null ? undefined : this.order[this.place.get(op) + (event.shiftKey ? -1 : 1)];
      if (to === undefined) {
        this.entry.tabIndex = 0; // the last bar: the next stop is outside
        this.proxies.forEach((proxy) => (proxy.tabIndex = -1));
        return;
      }
      event.preventDefault();
      return go(to);
    }
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  // lets a move be, then a choice; then the next Tab leaves the chart
  escape() {
    if (this.taken) this.emit("leave", {});
    else if (this.selected !== null) this.pick(null, true);
    else {
      this.free = true;
      this.entry.tabIndex = -1;
      this.say(this.texts.leave, false);
    }
  }

  // a bar carried by the arrows: m lifts it, Enter puts it down, Escape lets it be
  lift(op) {
    if (this.by !== "machine" || !this.grab(op)) return;
    this.carried = true;
    this.mouse = null;
    this.dragged();
    this.say(`${this.data.operations[op]}: ${this.texts.carry}`, false);
  }

  carry(event) {
    const step = this.data.tick ? Math.max(1, Math.round(300_000 / this.data.tick)) : 1;
    const able = this.data.eligible[this.drag.op];
    const shift = (by) => (this.drag.machine = able[(able.indexOf(this.drag.machine) + by + able.length) % able.length]);
    const acts = {
      ArrowRight: () => (this.drag.start += step * (event.shiftKey ? 12 : 1)),
      ArrowLeft: () => (this.drag.start -= step * (event.shiftKey ? 12 : 1)),
      ArrowDown: () => shift(1),
      ArrowUp: () => shift(-1),
    };
    event.preventDefault();
    if (event.key === "Enter") {
      this.carried = false;
      return this.put();
    }
    if (event.key === "Escape") {
      this.carried = false;
      return this.drop();
    }
    if (!acts[event.key]) return;
    acts[event.key]();
    this.dragged();
  }

  // ---------------------------------------------------------------- words

  when(tick, day = true) {
    if (!this.data.tick) return String(Math.round(tick));
    const text = new Date(this.data.start + tick * this.data.tick + this.data.offset).toISOString();
    return day ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(11, 16);
  }

  long(ticks) {
    return this.data.tick ? length((ticks * this.data.tick) / 1000, this.texts) : String(Math.round(ticks));
  }

  // what a bar says: to the mouse, and to a reader
  told(op) {
    const d = this.data;
    const t = this.texts;
    const job = d.jobs[d.job[op]];
    const [starts, ends] = d.bar;
    const lines = [job.stop || `${d.operations[op]}${job.item ? ` · ${job.item}` : ""}`];
    lines.push(`${d.machines[d.machine[op]].name} · ${this.when(starts[op])} – ${this.when(ends[op])} (${this.long(ends[op] - starts[op])})`);
    const setup = d.setup[1][op] - d.setup[0][op];
    if (setup > 0) lines.push(`${t.setup} ${this.long(setup)}`);
    if (d.batch[op] >= 0) lines.push(t.batch.replace("{n}", d.batch.filter((own) => own === d.batch[op]).length));
    if (job.kind) lines.push(t.maintenance);
    if (job.due !== null) lines.push(`${t.due} ${this.when(job.due)}${job.late ? ` · ▲ ${t.late.replace("{time}", this.long(job.late))}` : ""}`);
    if (this.locked.has(op) || this.fixed.has(op)) lines.push(this.locked.has(op) ? t.locked : t.fixed);
    return lines;
  }
}
