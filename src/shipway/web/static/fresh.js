// Lists that stay fresh: the page is asked for again, and what changed in its `data-live` elements is put in their place.

import { announce } from "./announce.js";
import { tellTimes } from "./times.js";

const shown = new Map();

export function keepFresh() {
  if (!document.querySelector("main[data-refresh]")) return;
  for (const region of regions(document)) shown.set(region.id, region.outerHTML);
  wait();
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}

let timer;

function wait() {
  clearTimeout(timer);
  timer = setTimeout(refresh, 1000 * document.querySelector("main").dataset.refresh);
}

let busy = false;

async function refresh() {
  if (busy || document.hidden) return;
  busy = true;
  try {
    const answer = await fetch(location.href);
    if (answer.redirected) return location.reload();
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The server is away for the moment.
  } finally {
    busy = false;
  }
  wait();
}

function show(page) {
  if (names(page) !== names(document)) return location.reload();
  const before = states(document);
  document.querySelector("main").dataset.refresh = page.querySelector("main").dataset.refresh ?? 10;
  for (const region of regions(page)) replace(document.getElementById(region.id), region);
  for (const [name, state] of states(document)) {
    if (before.get(name) !== state) announce(`${name}: ${state}`);
  }
}

function replace(old, region) {
  const text = region.outerHTML;
  if (!old || shown.get(region.id) === text || old.querySelector(":popover-open")) return;
  const focused = focusIn(old);
  shown.set(region.id, text);
  old.replaceWith(region);
  tellTimes(region);
  if (focused) region.querySelector(focused)?.focus();
}

// How to find again what has the focus.
function focusIn(region) {
  const active = document.activeElement;
  if (!region.contains(active)) return null;
  const name = ["id", "href", "popovertarget"].find((each) => active.hasAttribute(each));
  if (name) return `[${name}="${CSS.escape(active.getAttribute(name))}"]`;
  return active.form ? `form[action="${CSS.escape(active.form.getAttribute("action"))}"] button` : null;
}

const names = (root) => [...regions(root)].map((each) => each.id).join();

const regions = (root) => root.querySelectorAll("[data-live][id]");

const states = (root) => new Map([...root.querySelectorAll("[data-state][data-name]")].map((each) => [each.dataset.name, each.dataset.state]));
