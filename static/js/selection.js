// Ticked rows: shows the bar while there are any, says how many, and ticks the whole page at once.
import { say, sayOf } from "./words.js";

for (const bar of document.querySelectorAll("[data-bulk]")) {
  const id = bar.getAttribute("id"); // bar.id would be the checkboxes, which are named "id"
  const words = bar.querySelector("[data-bulk-count]");
  const every = bar.querySelector("[data-bulk-all]"); // only where there are more pages
  const all = document.querySelector(`[data-pick-all][form="${id}"]`);
  const picks = [...document.querySelectorAll(`input[name="id"][form="${id}"]`)];

  const update = () => {
    const ticked = picks.filter((pick) => pick.checked).length;
    bar.hidden = ticked === 0;
    if (ticked === 0 && every) every.checked = false;
    words.textContent = every?.checked ? say("All matching rows selected") : sayOf(ticked, "rows selected");
    all.checked = ticked > 0 && ticked === picks.length;
    all.indeterminate = ticked > 0 && ticked < picks.length;
  };

  all.addEventListener("change", () => {
    for (const pick of picks) pick.checked = all.checked;
    update();
  });
  for (const pick of [...picks, ...(every ? [every] : [])]) pick.addEventListener("change", update);
  addEventListener("pageshow", update); // a browser that comes back may have kept the ticks
  update();
}
