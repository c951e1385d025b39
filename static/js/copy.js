// Copies a record's number, and says so.
import { say } from "./words.js";

const SHOWN_FOR = 2000;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const word = button.querySelector("[data-copy-word]");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    word.textContent = say("Copied");
  } catch {
    word.textContent = say("Cannot copy");
  }
  setTimeout(() => (word.textContent = say("Copy")), SHOWN_FOR);
});
