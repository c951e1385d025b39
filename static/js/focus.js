// A form that came back with mistakes starts at their summary; a link there goes into the field, not just near it.
document.querySelector(".error-summary")?.focus();

document.addEventListener("click", (event) => {
  const link = event.target.closest(".error-summary a");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  const control = field.matches("fieldset") ? field.querySelector("input") : field;
  control?.focus();
});
