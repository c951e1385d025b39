// One press, one record: while a posted form is under way its button is busy and a second press does nothing. A form that
// is sent without leaving the page (data-stays) looks after that itself; one that was held back says so ("form:back").
const underWay = new Set();

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.getAttribute("method") !== "post" || form.matches("[data-theme-switch], [data-stays]")) return;
    if (underWay.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    underWay.add(form);
    event.submitter?.setAttribute("aria-busy", "true");
  },
  true,
);

document.addEventListener("form:back", (event) => {
  underWay.delete(event.target);
  for (const button of event.target.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

addEventListener("pageshow", () => {
  underWay.clear();
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});
