// Shortcuts of a single key: never while something is typed, nor with a modifier, nor over a dialog; and not at all for
// who switched them off (WCAG 2.1.4). Each module that has one asks here.
const TYPING = "input, textarea, select, [contenteditable]";
const OFF = "single-keys-off";

export function singleKeys() {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true; // no storage: nothing was switched off
  }
}

export function switchSingleKeys(on) {
  try {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    // no storage: they stay on
  }
}

export function onKey(key, act) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!singleKeys() || event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    act();
  });
}
