// Leaves empty filters out of the address, so that it can be read and shared.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-filter-form]")) return;
  const empty = [...event.target.elements].filter((field) => field.name && !field.value);
  for (const field of empty) field.disabled = true;
  // A browser that comes Back shows this very page again.
  addEventListener("pageshow", () => empty.forEach((field) => (field.disabled = false)), { once: true });
});
