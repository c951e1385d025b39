// The number of rows, asked for when the page already stands. Until then, and without script, it is a link.
import { sayOf } from "./words.js";

const MANY = 1000; // a number with separators, or in words

for (const place of document.querySelectorAll("[data-count-url]")) {
  fetch(place.dataset.countUrl, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then(({ text }) => {
      place.textContent = sayOf(/^\d+$/.test(text) ? Number(text) : MANY, "rows", text);
    })
    .catch(() => {}); // the link stays
}
