// Warns before unsaved edits are left behind.
const changed = new Set();

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-guard]")) changed.add(form);
});
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-guard]")) changed.add(form);
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) changed.clear();
});
document.addEventListener("form:sent", () => changed.clear());
addEventListener("beforeunload", (event) => {
  if (changed.size) event.preventDefault();
});
