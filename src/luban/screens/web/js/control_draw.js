// How the parts of a control chart are drawn; pure functions from data to SVG text.
import { escape } from "./icons.js";

const FIRST = 232;
const SECOND = 132;
const GAP = 34;
const AXIS = 36;
const TOP = 26;
const NARROW = 560;
const DOTS = 4.2;
const SIGN = { 1: "M0-5.2 5.2 0 0 5.2-5.2 0z" };

// Where everything stands: x of a point, y of a value in each panel [px].
export function shape(data, width) {
  const narrow = width < NARROW;
  const left = narrow ? 46 : 62;
  const right = narrow ? 66 : 74;
  const step = (width - left - right) / Math.max(1, data.count);
  let top = TOP;
  const panels = data.panels.map((panel, index) => {
    const high = index === 0 ? FIRST : SECOND;
    const [low, up] = extent(panel, index === 0 ? data.spec : null);
    const bottom = top + high;
    const made = { top, bottom, low, up, y: (v) => bottom - ((v - low) / (up - low)) * high };
    top = bottom + GAP;
    return made;
  });
  const height = (panels.at(-1)?.bottom ?? TOP) + AXIS;
  return { width, height, left, right, step, panels, narrow, x: (at) => left + (at + 0.5) * step };
}

function extent(panel, spec) {
  const held = [...panel.values, ...panel.lower, ...panel.upper, ...panel.centre].filter((v) => v !== null);
  if (!held.length) return [0, 1];
  let low = held.reduce((a, b) => Math.min(a, b));
  let up = held.reduce((a, b) => Math.max(a, b));
  const wide = up - low;
  // a specification limit is drawn where it does not squeeze the chart
  for (const limit of [spec?.lower, spec?.upper]) {
    if (limit === null || limit === undefined) continue;
    if (limit < low && low - limit < 0.6 * wide) low = limit;
    if (limit > up && limit - up < 0.6 * wide) up = limit;
  }
  const room = 0.08 * (up - low) || Math.abs(up) * 0.01 || 0.5;
  return [low - room, up + room];
}

export function drawPanel(view, data, panel, index, marks, texts) {
  const { top, bottom, y } = view.panels[index];
  const end = view.width - view.right;
  const head = `${panel.name}${panel.unit ? `, ${panel.unit}` : ""}`;
  const parts = [
    `<text class="lb-qname" x="${view.left}" y="${top - 9}">${escape(head)}</text>`,
    `<rect class="lb-qground" x="${view.left}" y="${top}" width="${(end - view.left).toFixed(1)}" height="${bottom - top}"/>`,
    stages(view, data, top, bottom, index === 0),
    scale(view, panel, index),
    ...zones(view, panel, index),
    steps(view, index, panel.centre, "lb-qcentre"),
    steps(view, index, panel.lower, "lb-qlimit"),
    steps(view, index, panel.upper, "lb-qlimit"),
    index === 0 ? spec(view, data.spec, index, texts) : "",
    line(view, index, panel.values),
    dots(view, data, panel, index, marks),
    ...names(view, panel, index, texts),
  ];
  return `<g data-panel="${index}">${parts.join("")}</g>`;
}

// The points that the limits rest on, and where each revision of the limits begins.
function stages(view, data, top, bottom, named) {
  const parts = [];
  if (data.basis && data.basis[1] > data.basis[0]) {
    const from = view.x(data.basis[0] - 0.5);
    const wide = view.x(data.basis[1] - 0.5) - from;
    parts.push(`<rect class="lb-qbasis" x="${from.toFixed(1)}" y="${top}" width="${wide.toFixed(1)}" height="${bottom - top}"/>`);
  }
  for (const { at, text } of data.stages) {
    const x = view.x(at - 0.5).toFixed(1);
    parts.push(`<path class="lb-qstage" d="M${x} ${top}V${bottom}"/>`);
    if (named) parts.push(`<text class="lb-qtick" text-anchor="start" x="${Number(x) + 4}" y="${top + 12}">${escape(text)}</text>`);
  }
  return parts.join("");
}

function scale(view, panel, index) {
  const { low, up, y } = view.panels[index];
  const parts = [];
  for (const [at, text] of ticks(low, up, index === 0 ? 5 : 3)) {
    const where = y(at).toFixed(1);
    parts.push(`<path class="lb-qgrid" d="M${view.left} ${where}H${view.width - view.right}"/>`);
    parts.push(`<text class="lb-qtick" text-anchor="end" x="${view.left - 7}" y="${Number(where) + 3.5}">${text}</text>`);
  }
  return parts.join("");
}

export function ticks(low, up, wanted) {
  const rough = (up - low) / wanted;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * size).find((s) => s >= rough) ?? 10 * size;
  const digits = Math.max(0, Math.min(8, -Math.floor(Math.log10(step)) + (Math.abs((step / size) % 1) > 1e-9 ? 1 : 0)));
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= up + 1e-9 * step; n++) found.push([n * step, (n * step).toFixed(digits)]);
  return found;
}

// One and two standard errors from the centre of the first panel: the zones of the rules.
function zones(view, panel, index) {
  if (index) return [];
  return [-2, -1, 1, 2].map((k) => {
    const at = panel.centre.map((centre, i) => (centre === null || panel.sigma[i] === null ? null : centre + k * panel.sigma[i]));
    return at.some((v) => v !== null) ? steps(view, index, at, "lb-qzone") : "";
  });
}

function steps(view, index, values, kind) {
  const { y } = view.panels[index];
  let path = "";
  let before = null;
  values.forEach((value, at) => {
    if (value === null) {
      before = null;
      return;
    }
    const where = y(value).toFixed(2);
    if (before === null) path += `M${view.x(at - 0.5).toFixed(1)} ${where}`;
    else if (before !== value) path += `H${view.x(at - 0.5).toFixed(1)}V${where}`;
    if (at === values.length - 1 || values[at + 1] === null) path += `H${view.x(at + 0.5).toFixed(1)}`;
    before = value;
  });
  return path ? `<path class="${kind}" d="${path}"/>` : "";
}

function spec(view, limits, index, texts) {
  const { y, low, up } = view.panels[index];
  return ["lower", "upper"]
    .map((side) => {
      const at = limits?.[side];
      if (at === null || at === undefined || at < low || at > up) return "";
      const where = y(at).toFixed(1);
      return `<path class="lb-qspec" d="M${view.left} ${where}H${view.width - view.right}"/><text class="lb-qtick" x="${view.left + 5}" y="${Number(where) + (side === "lower" ? -4 : 11)}">${escape(texts[`spec_${side}`])} ${escape(limits[`said_${side}`])}</text>`;
    })
    .join("");
}

function line(view, index, values) {
  const { y } = view.panels[index];
  let path = "";
  let pen = false;
  values.forEach((value, at) => {
    if (value === null) pen = false;
    else {
      path += `${pen ? "L" : "M"}${view.x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = true;
    }
  });
  return `<path class="lb-qline" d="${path}"/>`;
}

function dots(view, data, panel, index, marks) {
  const { y, top, bottom } = view.panels[index];
  const parts = [];
  panel.values.forEach((value, at) => {
    if (value === null) return;
    const [x, where] = [view.x(at).toFixed(1), y(value).toFixed(1)];
    const own = marks.get(`${index}:${at}`);
    if (data.out[at] !== undefined) {
      parts.push(`<g class="lb-qout" data-out="${at}" transform="translate(${x} ${where})"><circle r="4.5"/><path d="M-3-3 3 3M3-3-3 3"/></g>`);
    } else if (!own && view.step >= DOTS) {
      parts.push(`<circle class="lb-qdot" cx="${x}" cy="${where}" r="${view.step > 9 ? 2.8 : 2}"/>`);
    }
    if (own) parts.push(signs(view, own, at, Number(x), Number(where), top, bottom, data.out[at] === undefined));
    if (index === 0 && data.causes[at]) {
      parts.push(`<path class="lb-qnote" transform="translate(${x} ${bottom - 4})" d="M-4 0V-8H4V0H0L-4 4z"/>`);
    }
  });
  return parts.join("");
}

// The rules that fired at a point: a diamond, and the mark of each rule on the outer side.
function signs(view, own, at, x, where, top, bottom, drawn) {
  const above = own[0].side >= 0;
  const room = above ? where - top : bottom - where;
  const up = room > 12 + 10 * own.length ? above : !above;
  const parts = drawn ? [`<path class="lb-qsign" d="${SIGN[1]}" transform="translate(${x.toFixed(1)} ${where.toFixed(1)})"/>`] : [];
  own.forEach((one, row) => {
    const y = up ? where - 9 - 10 * row : where + 17 + 10 * row;
    parts.push(
      `<text class="lb-qmark" data-point="${at}" data-rule="${escape(one.rule)}" data-panel="${one.panel}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${escape(one.mark)}</text>`,
    );
  });
  return parts.join("");
}

// The lines' names and values at the right edge, pushed apart where they would touch.
function names(view, panel, index, texts) {
  const { y } = view.panels[index];
  const held = [["upper", texts.upper], ["centre", texts.centre], ["lower", texts.lower]]
    .map(([side, name]) => ({ name, value: panel[side].at(-1), said: panel.last?.[side] }))
    .filter((own) => own.value !== null && own.value !== undefined)
    .map((own) => ({ ...own, at: y(own.value) }));
  for (let i = 1; i < held.length; i++) held[i].at = Math.max(held[i].at, held[i - 1].at + 24);
  const x = view.width - view.right + 7;
  return held.map(
    (own) =>
      `<text class="lb-qend" x="${x}" y="${(own.at - 1).toFixed(1)}">${escape(own.name)}</text><text class="lb-qend lb-qvalue" x="${x}" y="${(own.at + 10.5).toFixed(1)}">${escape(own.said)}</text>`,
  );
}

// Times (or names) of points below the last panel, as many as there is room for; the day where it changes.
export function drawAxis(view, data) {
  const y = view.panels.at(-1).bottom;
  const every = Math.max(1, Math.ceil((view.narrow ? 54 : 68) / view.step));
  const places = [];
  for (let at = data.count - 1; at >= 0; at -= every) {
    if (view.x(at) - view.left < 22) break;
    places.unshift(at);
  }
  let day = null;
  return places
    .map((at) => {
      const x = view.x(at).toFixed(1);
      const [date, text] = data.axis[at];
      const parts = [`<path class="lb-qgrid" d="M${x} ${y}v4"/>`, tick(x, y + 16, text)];
      if (date && date !== day) parts.push(tick(x, y + 29, date));
      day = date;
      return parts.join("");
    })
    .join("");
}

function tick(x, y, text) {
  return `<text class="lb-qtick" x="${x}" y="${y}" text-anchor="middle">${escape(text)}</text>`;
}
