// Copies a record's number, and says so.
const SHOWN_FOR = 2000;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const word = button.querySelector("[data-copy-word]");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    word.textContent = "Copied";
  } catch {
    word.textContent = "Cannot copy";
  }
  setTimeout(() => (word.textContent = "Copy"), SHOWN_FOR);
});
