// A run of the twin played over the plant: stations along the routes, machines by state, queues as stacks of lots.
import { escape } from "./icons.js";

const STATES = ["idle", "standby", "setup", "run", "blocked", "operator", "down", "maintenance", "off"];
// A shape for each state, so that colour never carries the meaning alone; drawn in a square of 16.
const SHAPES = {
  run: '<path d="M5 3.5v9l7.5-4.5z"/>',
  setup: '<path d="M3 11.6 8.6 6a2.8 2.8 0 0 1 3.5-3.6L10.3 4.2l1.5 1.5 1.8-1.8A2.8 2.8 0 0 1 10 7.4L4.4 13z"/>',
  idle: '<path d="M4.5 3.5h2.4v9H4.5zM9.1 3.5h2.4v9H9.1z"/>',
  standby: '<path d="M12.9 10.1A5.3 5.3 0 0 1 5.9 3.1a5.3 5.3 0 1 0 7 7z"/>',
  blocked: '<path class="lb-open" d="M2.5 8h7M6.8 5.2 9.6 8l-2.8 2.8M12.6 3v10"/>',
  operator: '<circle cx="8" cy="5" r="2.6"/><path d="M2.9 13.4a5.1 5.1 0 0 1 10.2 0z"/>',
  down: '<path class="lb-open" d="M4 4l8 8M12 4l-8 8"/>',
  maintenance: '<circle class="lb-open" cx="8" cy="8" r="3"/><path class="lb-open" d="M8 1.8v2.4M8 11.8v2.4M1.8 8h2.4M11.8 8h2.4"/>',
  off: '<path class="lb-open" d="M4 8h8"/>',
};
const SPEEDS = [600, 3600, 14400, 86400]; // plant time a second [s]
const TILE = 40;
const STEP = 44;
const LOT = 7;
const GAP = 34;
const HOUR = 3600;

export class Floor {
  constructor(element, { texts, emit }) {
    this.element = element;
    this.texts = texts;
    this.emit = emit;
    this.playing = false;
    this.speed = 1;
    element.classList.add("lb-floor");
    element.innerHTML = this.frame();
    this.stage = element.querySelector(".lb-stage");
    this.range = element.querySelector("input");
    this.button = element.querySelector("button");
    this.clock = element.querySelector(".lb-when");
    this.bar = element.querySelector(".lb-spark");
    this.button.addEventListener("click", () => this.toggle());
    this.range.addEventListener("input", () => this.seek(Number(this.range.value)));
    const speed = element.querySelector("select");
    speed.addEventListener("change", () => (this.speed = Number(speed.value)));
    element.addEventListener("keydown", (event) => this.key(event));
    this.resized = new ResizeObserver(() => this.data && this.stage.clientWidth !== this.width && this.draw());
    this.resized.observe(this.stage);
  }

  destroy() {
    this.resized.disconnect();
    cancelAnimationFrame(this.next);
  }

  frame() {
    const t = this.texts;
    const speeds = SPEEDS.map((s, at) => `<option value="${at}"${at === 1 ? " selected" : ""}>${escape(t.speeds[at])}</option>`).join("");
    return (
      `<div class="lb-stage" tabindex="0" role="group" aria-label="${escape(t.floor)}"></div>` +
            `<div class="lb-player"><button type="button" class="lb-play" aria-label="${escape(t.play)}" title="${escape(t.keys)}"></button>` +
      `<div class="lb-track"><svg class="lb-spark" viewBox="0 0 1000 28" preserveAspectRatio="none" aria-hidden="true"></svg><span></span>` +
      `<input type="range" min="0" max="1" step="1" value="0" aria-label="${escape(t.moment)}"></div>` +
      `<span class="lb-when" aria-live="off"></span><select aria-label="${escape(t.speed)}">${speeds}</select></div>` +
      `<div class="lb-legend">${STATES.map((s) => `<span>${sign(s)} ${escape(t.states[s])}</span>`).join("")}</div>`
    );
  }

  // where the recording is; `offset` of the plant's clock [ms]
  async fetch(url, offset) {
    this.asked = url;
    this.pause();
    let data;
    try {
      const answer = await fetch(url, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      data = await answer.json();
    } catch {
      if (this.asked === url) this.stage.innerHTML = `<div class="lb-empty">${escape(this.texts.lost)}</div>`;
      return;
    }
    if (this.asked === url) this.load(data, offset);
  }

  load(data, offset) {
    const at = this.data && Math.abs(this.data.end - data.end) < 1 ? this.time : Math.min(data.warmup || 0, data.end);
    this.data = data;
    this.state = null; // of another plant, perhaps: a scenario may have more machines
    this.offset = offset;
    this.range.max = Math.round(data.end);
    this.range.step = Math.max(1, Math.round(data.end / 2000));
    this.draw();
    this.seek(at);
    this.paint();
    this.element.dataset.ready = "yes";
  }

  // ---------------------------------------------------------------- drawing

  draw() {
    const { stations, machines, links } = this.data.floor;
    this.width = this.stage.clientWidth;
    const columns = 1 + Math.max(0, ...stations.map((s) => s.column));
    const wide = Math.max(132, Math.min(230, (this.width - 8) / columns));
    const inner = wide - GAP;
    const across = Math.max(1, Math.floor((inner - 8) / STEP));
    const owned = stations.map((_, at) => machines.map((m, n) => [m, n]).filter(([m]) => m.station === at));
    const tall = owned.map((own) => 62 + STEP * Math.ceil(own.length / across));
    const heights = Array.from({ length: columns }, (_, c) => stations.reduce((sum, s, at) => sum + (s.column === c ? tall[at] + 18 : 0), 0));
    const height = Math.max(120, ...heights) + 8;
    const width = Math.max(this.width, wide * columns);
    const left = Math.max(0, (width - wide * columns) / 2);
    const used = Array(columns).fill(0);
    const boxes = stations.map((station, at) => {
      const c = station.column;
      const box = { x: left + c * wide + GAP / 2, y: (height - heights[c]) / 2 + used[c] + 9, w: inner, h: tall[at] };
      used[c] += tall[at] + 18;
      return box;
    });
    const most = Math.max(1e-9, ...links.map((l) => l[2]));
    const ways = links
      .filter((l) => l[2] >= 0.02 * most)
      .map(([a, b, rate]) => `<path class="lb-way${stations[b].column > stations[a].column ? "" : " lb-back"}" d="${way(boxes[a], boxes[b])}" stroke-width="${(1 + (4 * rate) / most).toFixed(1)}"/>`);
    const parts = stations.map((station, at) => this.station(station, at, boxes[at], owned[at], across));
    this.stage.innerHTML =
      `<svg width="${width}" height="${height}" role="img" aria-label="${escape(this.texts.floor)}"><defs>` +
      `<pattern id="lb-lines" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="lb-lines" d="M0 0V5"/></pattern>` +
      `</defs>${ways.join("")}${parts.join("")}</svg>`;
    this.tiles = machines.map((_, n) => this.stage.querySelector(`[data-machine="${n}"]`));
    this.stacks = stations.map((_, at) => this.stage.querySelector(`[data-stack="${at}"]`));
    this.shown = machines.map(() => -1);
    this.piled = stations.map(() => -1);
    this.sparkline();
    if (this.state) this.paint();
  }

  station(station, at, box, owned, across) {
    const tiles = owned.map(([machine, n], place) => {
      const x = box.x + 6 + STEP * (place % across);
      const y = box.y + 52 + STEP * Math.floor(place / across);
      return `<g data-machine="${n}" class="lb-tile" transform="translate(${x.toFixed(1)} ${y})"><rect class="lb-ground" width="${TILE}" height="${TILE}" rx="3"/><rect class="lb-hatched" width="${TILE}" height="${TILE}" rx="3"/><g class="lb-shape" transform="translate(${TILE / 2 - 8} 4)"></g><text x="${TILE / 2}" y="${TILE - 6}">${escape(cut(machine.id.split("/").at(-1), 7))}</text><title>${escape(machine.name)}</title></g>`;
    });
    const name = fit(station.name, box.w - 12);
    return (
      `<g class="lb-station"><rect x="${box.x.toFixed(1)}" y="${box.y}" width="${box.w.toFixed(1)}" height="${box.h}" rx="4"/>` +
      `<text class="lb-station-name" x="${(box.x + 7).toFixed(1)}" y="${box.y + 17}">${escape(name)}<title>${escape(`${station.name} (${station.id})`)}</title></text>` +
      `<g data-stack="${at}" data-room="${Math.floor((box.w - 44) / LOT)}" transform="translate(${(box.x + 7).toFixed(1)} ${box.y + 26})"></g></g>${tiles.join("")}`
    );
  }

  sparkline() {
    const { edges, wip } = this.data.buckets;
    const most = Math.max(1e-9, ...wip);
    const points = wip.map((value, at) => `${((edges[at] / this.data.end) * 1000).toFixed(1)},${(27 - (24 * value) / most).toFixed(1)}`);
    const warm = ((this.data.warmup / this.data.end) * 1000).toFixed(1);
    this.bar.innerHTML = `<rect class="lb-warm" width="${warm}" height="28"/><polyline points="${points.join(" ")}"/>`;
    this.bar.nextElementSibling.textContent = this.data.warmup > 0 ? this.texts.warmup : "";
  }

  // ---------------------------------------------------------------- time

  seek(time) {
    if (!this.data) return;
    const to = Math.max(0, Math.min(this.data.end, time));
    if (!this.state || to < this.time) {
      this.state = [...this.data.first];
      this.queue = this.data.floor.stations.map(() => 0);
      this.at = [0, 0];
    }
    this.time = to;
    this.at[0] = follow(this.data.states, this.at[0], to, this.state);
    this.at[1] = follow(this.data.queues, this.at[1], to, this.queue);
    this.paint();
  }

  paint() {
    this.state.forEach((state, n) => {
      if (this.shown[n] === state) return;
      this.shown[n] = state;
      const tile = this.tiles[n];
      const name = STATES[state];
      tile.setAttribute("class", `lb-tile lb-st-${name}`);
      tile.dataset.state = name;
      tile.querySelector(".lb-shape").innerHTML = SHAPES[name];
      tile.querySelector("title").textContent = `${this.data.floor.machines[n].name}: ${this.texts.states[name]}`;
    });
    this.queue.forEach((length, at) => {
      if (this.piled[at] === length) return;
      this.piled[at] = length;
      const stack = this.stacks[at];
      const room = Number(stack.dataset.room);
      const lots = Array.from({ length: Math.min(length, room) }, (_, n) => `<rect class="lb-lot" x="${n * LOT}" width="${LOT - 2}" height="16" rx="1"/>`);
      stack.innerHTML = `${lots.join("")}<text class="lb-count" x="${Math.min(length, room) * LOT + 3}" y="13">${length}${length > room ? "…" : ""}</text>`;
      stack.dataset.length = length;
    });
    this.range.value = Math.round(this.time);
    const moment = new Date(this.data.start + this.time * 1000 + this.offset).toISOString();
    const wip = this.data.buckets.wip[Math.min(this.data.buckets.wip.length - 1, this.data.buckets.edges.findIndex((edge) => edge >= this.time - 1e-6))];
    this.clock.textContent = `${moment.slice(0, 10)} ${moment.slice(11, 16)} · ${this.texts.wip.replace("{n}", wip === undefined ? "–" : wip.toFixed(wip < 10 ? 1 : 0))}`;
    this.range.setAttribute("aria-valuetext", this.clock.textContent);
  }

  toggle() {
    if (!this.data) return;
    if (this.playing) return this.pause();
    if (this.time >= this.data.end) this.seek(0);
    this.playing = true;
    this.last = performance.now();
    this.button.setAttribute("aria-label", this.texts.pause);
    this.button.classList.add("lb-playing");
    const step = (now) => {
      if (!this.playing) return;
      this.seek(this.time + (Math.min(250, now - this.last) / 1000) * SPEEDS[this.speed]);
      this.last = now;
      if (this.time >= this.data.end) return this.pause();
      this.next = requestAnimationFrame(step);
    };
    this.next = requestAnimationFrame(step);
  }

  pause() {
    this.playing = false;
    this.button.setAttribute("aria-label", this.texts.play);
    this.button.classList.remove("lb-playing");
  }

  key(event) {
    if (event.target.tagName === "SELECT" || event.ctrlKey || event.altKey || event.metaKey) return;
    const far = event.shiftKey ? 24 * HOUR : HOUR;
    const acts = {
      " ": () => event.target.tagName !== "BUTTON" && this.toggle(),
      ArrowRight: () => this.seek(this.time + far),
      ArrowLeft: () => this.seek(this.time - far),
      Home: () => this.seek(0),
      End: () => this.seek(this.data?.end ?? 0),
    };
    if (!acts[event.key]) return;
    if (event.key !== " " || event.target.tagName !== "BUTTON") event.preventDefault();
    acts[event.key]();
  }
}

function sign(state) {
  return `<svg class="lb-tile lb-st-${state}" viewBox="0 0 16 16" width="17" height="17" aria-hidden="true"><rect class="lb-ground" width="16" height="16" rx="2"/><g class="lb-shape">${SHAPES[state]}</g></svg>`;
}

// Cut to a width [px]; a Chinese or Korean sign is nearly twice as wide as a letter.
function fit(text, room) {
  let used = 0;
  for (let at = 0; at < text.length; at += 1) {
    used += text.charCodeAt(at) > 0x2e7f ? 12.5 : 7.6;
    if (used > room) return `${text.slice(0, Math.max(1, at - 1))}…`;
  }
  return text;
}

function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

// Takes in the changes [times, places, values] from `at` up to a time; the place of the next one.
function follow([times, places, values], at, until, into) {
  while (at < times.length && times[at] <= until) {
    into[places[at]] = values[at];
    at += 1;
  }
  return at;
}

function way(a, b) {
  if (b.x > a.x) {
    const [x0, y0, x1, y1] = [a.x + a.w, a.y + a.h / 2, b.x, b.y + b.h / 2];
    const bend = Math.max(14, (x1 - x0) / 2);
    return `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
  }
  const [x0, y0, x1, y1] = [a.x + a.w / 2, a.y + a.h, b.x + b.w / 2, b.y + b.h];
  const low = Math.max(y0, y1) + 14;
  return `M${x0} ${y0}C${x0} ${low} ${x1} ${low} ${x1} ${y1}`;
}
