// State and quality signs: a shape for each, so that colour never carries the meaning alone.

const SHAPES = {
  production: '<path d="M5 3.5v9l7.5-4.5z"/>',
  setup: '<path d="M3 11.6 8.6 6a2.8 2.8 0 0 1 3.5-3.6L10.3 4.2l1.5 1.5 1.8-1.8A2.8 2.8 0 0 1 10 7.4L4.4 13z"/>',
  waiting: '<path class="lb-open" d="M4.5 2.5h7M4.5 13.5h7M5.2 2.5v2.2L8 8l2.8-3.3V2.5M5.2 13.5v-2.2L8 8l2.8 3.3v2.2"/>',
  idle: '<path d="M4.5 3.5h2.4v9H4.5zM9.1 3.5h2.4v9H9.1z"/>',
  down: '<path d="M5.3 2h5.4L14 5.3v5.4L10.7 14H5.3L2 10.7V5.3z"/><path class="lb-cut" d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"/>',
  planned: '<path d="M12.9 10.1A5.3 5.3 0 0 1 5.9 3.1a5.3 5.3 0 1 0 7 7z"/>',
  unknown: '<circle class="lb-open" cx="8" cy="8" r="5.6"/><path class="lb-open" d="M6.3 6.4a1.8 1.8 0 1 1 2.5 1.7c-.6.3-.8.6-.8 1.2"/><circle cx="8" cy="11.2" r=".8"/>',
  good: '<path class="lb-open" d="M3.5 8.5l3 3 6-7"/>',
  uncertain: '<path class="lb-open" d="M8 2.6 14 13H2z"/><path class="lb-open" d="M8 6.4v3"/><circle cx="8" cy="11.2" r=".7"/>',
  bad: '<path class="lb-open" d="M4 4l8 8M12 4l-8 8"/>',
  none: '<path class="lb-open" d="M4 8h8"/>',
};

export function icon(kind) {
  return `<svg class="lb-icon lb-${kind}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${SHAPES[kind] ?? SHAPES.unknown}</svg>`;
}

export function escape(text) {
  return String(text ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

// "12 s", "4 min", "3 h", "2 d": how long ago; the words come translated from the server.
export function age(seconds, texts) {
  if (!Number.isFinite(seconds)) return "–";
  const s = Math.max(0, seconds);
  if (s < 100) return `${s < 10 ? s.toFixed(1) : Math.round(s)} ${texts.s}`;
  if (s < 6000) return `${Math.round(s / 60)} ${texts.min}`;
  if (s < 172800) return `${Math.round(s / 3600)} ${texts.h}`;
  return `${Math.round(s / 86400)} ${texts.d}`;
}

// "45 s", "12.5 min", "4.5 h": how long; the words come translated from the server.
export function length(seconds, texts) {
  if (seconds < 100) return `${Math.round(seconds)} ${texts.s}`;
  if (seconds < 6000) return `${(seconds / 60).toFixed(1)} ${texts.min}`;
  return `${(seconds / 3600).toFixed(1)} ${texts.h}`;
}

export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(2);
  const whole = size >= 1 ? Math.floor(Math.log10(size)) + 1 : 1;
  return value.toFixed(Math.max(0, Math.min(3, digits - whole)));
}
