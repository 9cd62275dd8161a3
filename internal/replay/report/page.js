'use strict';
(() => {
const list = document.getElementById('list');
if (!list) return;
const byId = id => document.getElementById(id), spacer = byId('spacer'), detail = byId('detail'), filter = byId('filter'), counted = byId('counted'), chips = byId('chips');
// What a row holds, in the order in which it was written.
const TIME = 0, POLICY = 1, VERDICT = 2, SEVERITY = 3, RESOURCE = 4, PROJECT = 5, ACTOR = 6, METHOD = 7, ENFORCEMENT = 8, DECISION = 9, TOOL = 10,
  REASONS = 11, PLAN = 12, ID = 13, BY = 14, AFTER = 15, ENDID = 16, CHANGE = 17, BEFORE = 18;
const keys = {policy: POLICY, project: PROJECT, actor: ACTOR, tool: TOOL, by: BY, change: CHANGE};
const spans = [600, 3600, 21600, 86400, 604800];
const printedMost = 500;
let rows = [], texts = [], shown = [], chosen = -1, chosenBy = new Map(), height = 34;

const stoodOf = r => { if (r[AFTER] < 0) return spans.length + 1; const n = spans.findIndex(s => r[AFTER] < s); return n < 0 ? spans.length : n; };
const when = t => t < 0 ? 'no time' : new Date(t * 1000).toISOString().slice(0, 16).replace('T', ' ');
const span = s => s < 0 ? '–' : s < 60 ? s + 's' : s < 3600 ? Math.floor(s / 60) + 'm' : s < 172800 ? Math.floor(s / 3600) + 'h' : Math.floor(s / 86400) + 'd';
const grouped = n => String(n).replace(/\B(?=(\d{3})+$)/g, '\u00a0');
const short = name => name.replace(/^\/\/[^/]+\//, '').replace(/^projects\//, '').replace(/\/locations\/[^/]+\//, '/');
const says = r => { const v = texts[r[VERDICT]]; return v === 'exempt' ? 'exempt' : texts[r[DECISION]] + (v === 'unknown' ? '?' : ''); };

// changed is the decision with how it differs under other policies.
const changed = r => ({appears: 'new: ' + says(r), disappears: 'gone: ' + says(r), 'changes reason': says(r) + ', other reason'})[texts[r[CHANGE]]] || texts[r[BEFORE]].split(':')[0] + ' → ' + says(r);

// make is an element with text in it: what strangers wrote is never anything but text.
function make(tag, className, text, ...inside) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  e.append(...inside);
  return e;
}

function rowOf(i) {
  const r = rows[shown[i]], e = make('div', 'row', undefined,
    make('span', 'when', when(r[TIME])), make('span', 'says ' + texts[r[DECISION]], says(r)), make('span', 'policy', texts[r[POLICY]]),
    make('span', 'what', short(texts[r[RESOURCE]])), make('span', 'stood', span(r[AFTER])));
  if (r[CHANGE]) {
    e.classList.add('compared');
    e.children[1].textContent = changed(r);
  }
  e.id = 'row-' + i;
  e.setAttribute('role', 'option');
  e.setAttribute('aria-setsize', shown.length);
  e.setAttribute('aria-posinset', i + 1);
  e.setAttribute('aria-selected', i === chosen);
  e.style.top = i * height + 'px';
  e.title = texts[r[POLICY]] + ': ' + texts[r[RESOURCE]];
  return e;
}

// draw puts the rows that are to be seen into the list, and no others.
function draw() {
  const first = Math.max(0, Math.floor(list.scrollTop / height) - 8), last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + 8);
  const now = [];
  for (let i = first; i < last; i++) now.push(rowOf(i));
  spacer.replaceChildren(...now);
  if (chosen >= first && chosen < last) list.setAttribute('aria-activedescendant', 'row-' + chosen); else list.removeAttribute('aria-activedescendant');
}

function measure() {
  height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 34;
  spacer.style.height = shown.length * height + 'px';
  list.style.maxHeight = Math.max(3, rows.length) * height + 'px';
  draw();
}

function pairs(dl, ...of) {
  for (let i = 0; i < of.length; i += 2) if (of[i + 1]) dl.append(make('dt', '', of[i]), make('dd', '', of[i + 1]));
  return dl;
}

function tell(r) {
  const t = i => texts[r[i]], items = of => make('ul', '', undefined, ...of.map(i => make('li', '', texts[i])));
  const parts = [make('h3', '', t(POLICY)), make('p', 'says ' + t(DECISION), says(r) + ', ' + t(SEVERITY) + (r[CHANGE] ? ' – ' + t(CHANGE) : ''))];
  if (r[BEFORE]) parts.push(make('p', 'note', 'before: ' + t(BEFORE)));
  const ended = r[AFTER] < 0 ? 'no entry shows an end' : 'after ' + span(r[AFTER]) + ', by ' + t(BY) + ' (' + r[ENDID] + ')';
  parts.push(pairs(make('dl'), 'Resource', t(RESOURCE), 'Actor', t(ACTOR), 'When', when(r[TIME]) + ' UTC', 'Ended', ended, 'Tool', t(TOOL) + ' (a hint)',
    'Verdict', t(VERDICT), 'Enforcement', t(ENFORCEMENT), 'Call', t(METHOD), 'Entry', r[ID]));
  if (r[REASONS].length) parts.push(make('h4', '', 'Why'), items(r[REASONS]));
  parts.push(make('h4', '', 'Plan'), r[PLAN].length ? items(r[PLAN]) : make('p', 'note', 'Nothing would be written.'));
  detail.replaceChildren(...parts);
  detail.scrollTop = 0;
}

function choose(i) {
  if (!shown.length) return;
  chosen = Math.max(0, Math.min(shown.length - 1, i));
  const top = chosen * height;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
  draw();
  tell(rows[shown[chosen]]);
}

function select() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = words.map(w => texts.map(t => t.toLowerCase().includes(w)));
  const wanted = [...chosenBy].map(([key, value]) => key === 'stood' ? r => stoodOf(r) === +value : (n => r => r[keys[key]] === n)(texts.indexOf(value)));
  shown = [];
  for (let i = 0; i < rows.length; i++) {
    const r = rows[i];
    if (!wanted.every(w => w(r))) continue;
    if (hits.every((hit, n) => hit[r[POLICY]] || hit[r[RESOURCE]] || hit[r[ACTOR]] || hit[r[TOOL]] || hit[r[DECISION]] || hit[r[VERDICT]] || hit[r[SEVERITY]] || hit[r[METHOD]] ||
      hit[r[BY]] || r[REASONS].some(x => hit[x]) || r[ID].toLowerCase().includes(words[n]))) shown.push(i);
  }
  counted.textContent = shown.length === rows.length ? grouped(rows.length) + (rows.length === 1 ? ' finding' : ' findings') : grouped(shown.length) + ' of ' + grouped(rows.length);
  chosen = -1;
  list.scrollTop = 0;
  detail.replaceChildren(make('p', 'note', shown.length ? 'Choose a finding to see its reasons and its plan.' : 'No finding is like that.'));
  measure();
}

function press(button) {
  const {key, value} = button.dataset;
  if (chosenBy.get(key) === value) chosenBy.delete(key); else chosenBy.set(key, value);
  for (const b of document.querySelectorAll('button[data-key]')) b.setAttribute('aria-pressed', chosenBy.get(b.dataset.key) === b.dataset.value);
  chips.replaceChildren(...[...chosenBy].map(([k, v]) => {
    const from = [...document.querySelectorAll('button[data-key]')].find(b => b.dataset.key === k && b.dataset.value === v);
    const chip = make('button', '', '× ' + (k === 'stood' ? from.firstChild.textContent : v));
    chip.type = 'button';
    chip.title = 'no longer by ' + k;
    chip.addEventListener('click', () => press(from));
    return chip;
  }));
  select();
}

function print() {
  const head = make('tr', '', undefined, ...['When', 'Decision', 'Policy', 'Resource', 'Actor', 'Stood'].map(h => make('th', '', h)));
  const body = shown.slice(0, printedMost).map(i => { const r = rows[i];
    return make('tr', '', undefined, ...[when(r[TIME]), says(r), texts[r[POLICY]], short(texts[r[RESOURCE]]), texts[r[ACTOR]], span(r[AFTER])].map(c => make('td', '', c))); });
  byId('printed').replaceChildren(make('table', '', undefined, make('thead', '', undefined, head), make('tbody', '', undefined, ...body)));
  if (shown.length > printedMost) byId('printed').append(make('p', 'note', 'and ' + grouped(shown.length - printedMost) + ' more, which are not printed'));
}

list.addEventListener('scroll', () => requestAnimationFrame(draw), {passive: true});
list.addEventListener('click', e => { const row = e.target.closest('.row'); if (row) choose(+row.id.slice(4)); });
addEventListener('resize', measure);
addEventListener('beforeprint', print);
filter.addEventListener('input', select);
document.addEventListener('click', e => { const b = e.target.closest('button[data-key]'); if (b) press(b); });
document.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const typing = e.target === filter, page = Math.max(1, Math.floor(list.clientHeight / height) - 1);
  if (e.key === 'Escape') { filter.value = ''; chosenBy.clear(); for (const b of document.querySelectorAll('button[data-key]')) b.setAttribute('aria-pressed', false); chips.replaceChildren(); select(); list.focus(); return; }
  if (typing) { if (e.key === 'ArrowDown' || e.key === 'Enter') { e.preventDefault(); list.focus(); choose(0); } return; }
  if (e.key === '/') { e.preventDefault(); filter.focus(); return; }
  if (e.key === 'Enter' && e.target === list && chosen >= 0) { detail.focus(); return; }
  const to = {ArrowDown: chosen + 1, j: chosen + 1, ArrowUp: chosen - 1, k: chosen - 1, PageDown: chosen + page, PageUp: chosen - page, Home: 0, End: shown.length - 1}[e.key];
  if (to === undefined || e.key.length > 1 && e.target !== list) return;
  e.preventDefault();
  list.focus({preventScroll: true});
  choose(to);
});
// What is above is painted before the rows are read.
requestAnimationFrame(() => setTimeout(() => {
  rows = JSON.parse(byId('rows').textContent);
  texts = JSON.parse(byId('texts').textContent);
  select();
  document.documentElement.dataset.ready = 'yes';
}));
})();
