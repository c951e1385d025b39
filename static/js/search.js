// The key / goes into the search of the top bar; never while something is typed, and not with a modifier.
const TYPING = "input, textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const box = document.getElementById("global-search");
  if (!box || event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  box.focus();
  box.select();
});
