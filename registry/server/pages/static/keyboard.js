// Keyboard shortcuts of pages with a list: j and k move, o opens, t takes, / searches, g i leads to the list, ? explains.
// Without this script everything is reachable by Tab. A page names its parts by attributes:
//   data-keys-row     a row; its first link is what o opens, its button with data-keys-take is what t presses
//   data-keys-search  the field for /
//   data-keys-home    the link for g i
//   data-keys-help    the details that explain the shortcuts
"use strict";

(() => {
  const CHORD_MILLISECONDS = 1500;
  let chordUntil = 0;

  const find = (name) => document.querySelector(`[data-keys-${name}]`);
  const rows = () => [...document.querySelectorAll("[data-keys-row]")];
  const currentRow = () => document.activeElement?.closest("[data-keys-row]");

  function moveBy(step) {
    const all = rows();
    const place = all.indexOf(currentRow());
    const next = all[place < 0 ? (step > 0 ? 0 : all.length - 1) : place + step];
    next?.querySelector("a")?.focus();
  }

  function explain() {
    const help = find("help");
    if (help) {
      help.open = !help.open;
      help.querySelector("summary").focus();
    }
  }

  const actions = {
    j: () => moveBy(1),
    k: () => moveBy(-1),
    o: () => currentRow()?.querySelector("a")?.click(),
    t: () => currentRow()?.querySelector("[data-keys-take]")?.click(),
    "/": () => find("search")?.focus(),
    "?": explain,
  };

  function isTyping(target) {
    return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) {
      return;
    }
    if (event.key === "g") {
      chordUntil = event.timeStamp + CHORD_MILLISECONDS;
      return;
    }
    if (event.key === "i" && event.timeStamp < chordUntil) {
      find("home")?.click();
    } else if (Object.hasOwn(actions, event.key)) {
      event.preventDefault();
      actions[event.key]();
    }
    chordUntil = 0;
  });
})();
