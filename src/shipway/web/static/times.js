// Times in words, as words.py writes them, kept true as they pass.

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];

// This machine's clock may be wrong; the server said what time it was when it wrote the page.
const skew = Date.parse(document.documentElement.dataset.now) - Date.now();

const secondsSince = (moment) => (Date.now() + skew - Date.parse(moment)) / 1000;

function ago(seconds) {
  for (const [length, unit] of UNITS) {
    if (seconds >= length) return glued(Math.floor(seconds / length), unit, "ago");
  }
  return "just now";
}

function soFar(seconds) {
  const whole = Math.max(Math.floor(seconds), 0);
  if (whole < 60) return glued(whole, "s");
  if (whole < 3600) return glued(Math.floor(whole / 60), "min", whole % 60, "s");
  return glued(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
}

export function tellTimes(root = document) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    say(time, ago(secondsSince(time.dateTime)));
    time.title = new Date(time.dateTime).toLocaleString();
  }
  for (const span of root.querySelectorAll("[data-since]")) {
    say(span, soFar(secondsSince(span.dataset.since)));
  }
}

export function keepTimes() {
  tellTimes();
  setInterval(tellTimes, 1000);
}

// With spaces that do not break, so that a number and its unit stay on one line.
const glued = (...parts) => parts.join("\u00a0");

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
