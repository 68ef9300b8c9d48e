// One deployment, live: its logs grow, its steps change, and the connection comes back by itself where it was cut.

import { announce } from "./announce.js";
import { offerCopies } from "./copy.js";
import { Log } from "./log.js";
import { tellTimes } from "./times.js";

const RETRY_AFTER = 3000;

const page = document.querySelector("main");
const connection = document.getElementById("connection");
const steps = new Map([...document.querySelectorAll("[data-step]")].map((details) => [details.dataset.step, follow(details)]));
let received = "";

connect();

function connect() {
  const address = new URL(page.dataset.events, location.href);
  if (received) address.searchParams.set("offsets", received);
  const source = new EventSource(address);
  source.addEventListener("open", () => tell(""));
  source.addEventListener("log", (event) => {
    received = event.lastEventId;
    const { step, text } = JSON.parse(event.data);
    steps.get(step)?.log.append(text);
  });
  source.addEventListener("view", (event) => show(JSON.parse(event.data)));
  source.addEventListener("end", () => source.close());
  source.addEventListener("error", () => {
    tell("Connection lost. Trying again…");
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_AFTER);
  });
}

function show(view) {
  document.title = `${view.title} · Shipway`;
  for (const [id, html] of Object.entries(view.parts)) fill(document.getElementById(id), html);
  for (const [name, state] of Object.entries(view.steps)) change(steps.get(name), name, state);
}

// Our server rendered and escaped these, as it did the page.
function fill(element, html) {
  if (!element || element.shown === html) return;
  element.shown = html;
  const focused = element.contains(document.activeElement);
  element.innerHTML = html;
  tellTimes(element);
  offerCopies(element);
  if (focused) element.querySelector("button, a")?.focus();
}

// Open what runs and what failed, and close what went well, unless the reader has a mind of their own.
function change(step, name, state) {
  if (!step || step.details.dataset.state === state) return;
  step.details.dataset.state = state;
  step.details.parentElement.hidden = false;
  if (!step.touched) step.details.open = state === "running" || state === "error";
  announce(`${name}: ${state}`);
}

function follow(details) {
  const step = { details, touched: false, log: new Log(details.querySelector("pre"), details.querySelector(".follow"), details.dataset.state !== "complete") };
  details.querySelector("summary").addEventListener("click", () => (step.touched = true));
  details.addEventListener("toggle", () => details.open && step.log.settle());
  return step;
}

function tell(text) {
  if (connection.textContent !== text) connection.textContent = text;
}
