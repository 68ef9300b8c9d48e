// A step's log in its pane. Whatever an app writes is text and nothing else: of its escape sequences the colours become
// classes of ours, the rest is dropped.

const ESCAPES = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
const UNFINISHED_ESCAPE = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,200})?$/;
const OVERWRITTEN = /^[^\n]*\r(?!\n?$)/;
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const NEAR_THE_END = 24;

export class Log {
  #pane;
  #follow;
  #following;
  #style = {};
  #rest = "";

  // `following`: show the newest line first, and go on with those that come.
  constructor(pane, followButton, following) {
    this.#pane = pane;
    this.#following = following;
    this.#follow = followButton;
    pane.addEventListener("scroll", () => this.#look(), { passive: true });
    followButton.addEventListener("click", () => {
      this.#following = true;
      this.settle();
      pane.focus({ preventScroll: true });
    });
  }

  append(text) {
    text = this.#rest + text;
    this.#rest = text.match(UNFINISHED_ESCAPE)?.[0] ?? "";
    const lines = text.slice(0, text.length - this.#rest.length).split("\n");
    const added = document.createDocumentFragment();
    lines.forEach((line, index) => this.#add(added, line + (index < lines.length - 1 ? "\n" : "")));
    this.#pane.append(added);
    this.settle();
  }

  // Go to the end, unless someone reads further up.
  settle() {
    if (this.#following) this.#pane.scrollTop = this.#pane.scrollHeight;
    this.#follow.hidden = this.#below < NEAR_THE_END;
  }

  #look() {
    if (!this.#pane.clientHeight) return;
    this.#following = this.#below < NEAR_THE_END;
    this.#follow.hidden = this.#following;
  }

  get #below() {
    return this.#pane.scrollHeight - this.#pane.scrollTop - this.#pane.clientHeight;
  }

  #add(parent, line) {
    const kind = line.startsWith("----->") ? "banner" : line.startsWith("!     ") ? "problem" : "";
    const place = kind ? parent.appendChild(span(kind)) : parent;
    line = line.replace(OVERWRITTEN, "");
    let from = 0;
    for (const escape of line.matchAll(ESCAPES)) {
      this.#text(place, line.slice(from, escape.index));
      if (escape[1] !== undefined) this.#restyle(escape[1]);
      from = escape.index + escape[0].length;
    }
    this.#text(place, line.slice(from));
  }

  #text(parent, text) {
    if (!text) return;
    const classes = Object.values(this.#style).filter(Boolean).join(" ");
    const place = classes ? parent.appendChild(span(classes)) : parent;
    place.append(text);
  }

  #restyle(codes) {
    const numbers = codes.split(/[;:]/).map(Number);
    for (let at = 0; at < numbers.length; at++) {
      const code = numbers[at];
      if (code === 38 || code === 48) at += numbers[at + 1] === 5 ? 2 : 4;
      else if (code === 0) this.#style = {};
      else if (code === 1) this.#style.weight = "bold";
      else if (code === 2) this.#style.weight = "dim";
      else if (code === 22) this.#style.weight = "";
      else if (code === 3 || code === 23) this.#style.slant = code === 3 ? "italic" : "";
      else if (code === 4 || code === 24) this.#style.line = code === 4 ? "underline" : "";
      else if (code === 39) this.#style.ink = "";
      else if (code >= 30 && code <= 37) this.#style.ink = COLOURS[code - 30];
      else if (code >= 90 && code <= 97) this.#style.ink = `bright ${COLOURS[code - 90]}`;
    }
  }
}

function span(classes) {
  const made = document.createElement("span");
  made.className = classes;
  return made;
}
