"""What the page of an outside expert does in the browser: ask by one socket, show, and empty itself at the end."""

from __future__ import annotations

__all__ = ["SCRIPT"]

SCRIPT = """(() => {
  const at = (id) => document.getElementById(id);
  const tabs = [...document.querySelectorAll('[data-part]')];
  const signal = document.querySelector('select[name=signal]');
  const span = document.querySelector('select[name=span]');
  const form = at('lb-note');
  let part = GIVEN.parts[0], socket = null, over = false, wait = 300;
  const end = (why) => {
    if (over) return;
    over = true;
    const main = at('lb-main');
    main.replaceChildren();
    at('lb-until').textContent = why || '';
    const title = document.createElement('h1');
    title.className = 'lb-title';
    title.id = 'lb-over';
    title.textContent = GIVEN.over;
    const note = document.createElement('p');
    note.className = 'lb-note';
    note.textContent = GIVEN.again;
    main.append(title, note);
    if (socket) socket.close();
  };
  const ask = () => {
    const asked = {part, signal: part === 'signals' ? signal.value : '', span: span.value};
    for (const tab of tabs) tab.setAttribute('aria-selected', String(tab.dataset.part === part));
    at('lb-signal').hidden = part !== 'signals';
    at('lb-span').hidden = !(part === 'alarms' || (part === 'signals' && signal.value));
    for (const link of document.querySelectorAll('[data-kind]')) {
      link.href = `/${GIVEN.lang}/remote/file?` + new URLSearchParams({...asked, kind: link.dataset.kind});
    }
    if (socket && socket.readyState === 1) socket.send(JSON.stringify(asked));
  };
  const open = () => {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    socket = new WebSocket(`${scheme}://${location.host}/${GIVEN.lang}/remote/live`);
    socket.onopen = () => { wait = 300; at('lb-said').textContent = ''; ask(); };
    socket.onmessage = (event) => {
      if (over) return;
      const told = JSON.parse(event.data);
      if (told.over !== undefined) { end(told.over); return; }
      if (told.html !== undefined) at('lb-shown').innerHTML = told.html;
      if (told.said !== undefined) at('lb-said').textContent = told.said;
      if (told.noted) form.reset();
    };
    socket.onclose = (event) => {
      if (over) return;
      if (event.code === 4401) { end(); return; }
      at('lb-said').textContent = GIVEN.lost;
      setTimeout(open, wait);
      wait = Math.min(2 * wait, 5000);
    };
  };
  for (const tab of tabs) tab.addEventListener('click', () => { part = tab.dataset.part; ask(); });
  document.querySelector('[role=tablist]').addEventListener('keydown', (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const next = tabs[(GIVEN.parts.indexOf(part) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
  signal.addEventListener('change', ask);
  span.addEventListener('change', ask);
  if (form) form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!socket || socket.readyState !== 1) return;
    socket.send(JSON.stringify({note: form.elements.text.value, cause: form.elements.cause.value}));
  });
  // the page of a browser that hears nothing any more ends by itself
  if (GIVEN.left < 2 ** 31) setTimeout(() => end(), GIVEN.left);
  open();
})();"""
