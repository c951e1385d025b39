// The key ? shows the shortcuts, where those of a single key can be switched off.
import { onKey, singleKeys, switchSingleKeys } from "./keys.js";

const shown = document.getElementById("shortcuts");
const box = document.getElementById("single-keys");

if (shown) {
  let before = null;
  const open = () => {
    before = document.activeElement;
    box.checked = singleKeys();
    shown.showModal();
  };
  onKey("?", open);
  for (const button of document.querySelectorAll("[data-shortcuts]")) button.addEventListener("click", open);
  box.addEventListener("change", () => switchSingleKeys(box.checked));
  shown.querySelector("[data-close]").addEventListener("click", () => shown.close());
  shown.addEventListener("close", () => before?.focus?.());
}
