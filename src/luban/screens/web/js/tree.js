// The equipment tree with live state, value, age and quality. ARIA tree pattern: arrows move, Enter selects.
import { age, escape, icon, number } from "./icons.js";

export class Tree {
  constructor(element, { texts, emit }) {
    this.element = element;
    this.texts = texts;
    this.emit = emit;
    this.rows = new Map();
    this.open = new Set();
    this.skew = 0;
    element.setAttribute("role", "tree");
    element.setAttribute("aria-label", texts.tree);
    element.addEventListener("click", (event) => this.clicked(event));
    element.addEventListener("keydown", (event) => this.pressed(event));
    this.clock = setInterval(() => this.tick(), 500);
  }

  destroy() {
    clearInterval(this.clock);
  }

  // nodes: [{id, parent, level, kind, name, path, children}], in drawing order
  load(nodes, selected, serverNow) {
    this.skew = serverNow - Date.now();
    this.nodes = nodes;
    for (const node of nodes) if (node.children && node.level < 3) this.open.add(node.id);
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.rows.clear();
    this.element.replaceChildren(...nodes.map((node) => this.build(node)));
    this.fold();
    this.select(selected);
    if (focused) this.rows.get(focused)?.row.focus();
  }

  build(node) {
    const row = document.createElement("div");
    row.className = `lb-row lb-row-${node.kind}`;
    row.dataset.id = node.id;
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", node.level);
    row.tabIndex = -1;
    row.style.setProperty("--level", node.level - 1);
    row.title = node.title;
    row.innerHTML =
      `<span class="lb-fold" aria-hidden="true">${node.children ? "▾" : ""}</span>` +
      `<span class="lb-name">${escape(node.name)}</span>` +
      '<span class="lb-value"></span><span class="lb-sign"></span><span class="lb-age"></span>';
    const [, , value, sign, old] = row.children;
    const entry = { node, row, value, sign, old, time: null };
    this.rows.set(node.id, entry);
    return row;
  }

  // changes: {id: {t: ms, v: number|text, u: unit, s: state word, e: time element, q: quality class, w: quality words}}
  update(changes, serverNow) {
    this.skew = serverNow - Date.now();
    for (const [id, change] of Object.entries(changes)) {
      const entry = this.rows.get(id);
      if (!entry) continue;
      entry.time = change.t;
      if (entry.node.kind === "signal") {
        const shown = typeof change.v === "number" ? number(change.v) : (change.v ?? "–");
        entry.value.innerHTML = `${escape(shown)}<small>${change.u && change.v !== null ? ` ${escape(change.u)}` : ""}</small>`;
        entry.sign.innerHTML = icon(change.q);
        entry.sign.title = change.w;
        entry.row.dataset.quality = change.q;
      } else {
        entry.value.innerHTML = `${icon(change.e)} <span>${escape(change.s)}</span>`;
        entry.row.dataset.state = change.e;
        entry.value.title = change.w;
      }
      this.say(entry, change);
    }
    this.tick();
  }

  say(entry, change) {
    const told = entry.node.kind === "signal" ? `${change.v ?? this.texts.none} ${change.u ?? ""}, ${change.w}` : change.s;
    entry.row.setAttribute("aria-label", `${entry.node.name}: ${told}`);
  }

  tick() {
    const now = Date.now() + this.skew;
    for (const entry of this.rows.values()) {
      if (entry.time === null) continue;
      const seconds = (now - entry.time) / 1000;
      const text = age(seconds, this.texts);
      if (entry.old.textContent !== text) entry.old.textContent = text;
    }
  }

  select(id) {
    this.selected = id;
    if (this.nodes && this.rows.get(id)?.node.children && !this.open.has(id)) this.toggle(id, true);
    for (const [key, { row, node }] of this.rows) {
      const on = key === id;
      if (node.kind !== "signal") row.setAttribute("aria-selected", on);
      row.tabIndex = on ? 0 : -1;
    }
    if (!this.rows.has(id) && this.nodes?.length) this.rows.get(this.nodes[0].id).row.tabIndex = 0;
  }

  fold() {
    const hidden = new Set();
    for (const node of this.nodes) {
      const { row } = this.rows.get(node.id);
      const away = hidden.has(node.parent);
      row.hidden = away;
      if (away || (node.children && !this.open.has(node.id))) hidden.add(node.id);
      if (node.children) {
        row.setAttribute("aria-expanded", this.open.has(node.id));
        row.firstElementChild.textContent = this.open.has(node.id) ? "▾" : "▸";
      }
    }
  }

  toggle(id, open = !this.open.has(id)) {
    if (open) this.open.add(id);
    else this.open.delete(id);
    this.fold();
  }

  clicked(event) {
    const row = event.target.closest(".lb-row");
    if (!row) return;
    if (event.target.closest(".lb-fold") && this.rows.get(row.dataset.id).node.children) this.toggle(row.dataset.id);
    else this.choose(row);
  }

  choose(row) {
    const { node } = this.rows.get(row.dataset.id);
    this.emit("choose", node.kind === "signal" ? { unit: node.parent, signal: node.id } : { unit: node.id, signal: null });
  }

  pressed(event) {
    const row = event.target.closest(".lb-row");
    if (!row) return;
    const shown = [...this.element.children].filter((other) => !other.hidden);
    const at = shown.indexOf(row);
    const { node } = this.rows.get(row.dataset.id);
    const steps = {
      ArrowDown: () => shown[at + 1]?.focus(),
      ArrowUp: () => shown[at - 1]?.focus(),
      Home: () => shown[0]?.focus(),
      End: () => shown.at(-1)?.focus(),
      ArrowRight: () => (node.children && !this.open.has(node.id) ? this.toggle(node.id, true) : shown[at + 1]?.focus()),
      ArrowLeft: () =>
        node.children && this.open.has(node.id) ? this.toggle(node.id, false) : this.rows.get(node.parent)?.row.focus(),
      Enter: () => this.choose(row),
      " ": () => this.choose(row),
    };
    if (!steps[event.key]) return;
    event.preventDefault();
    steps[event.key]();
  }
}
