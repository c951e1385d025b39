// How many rows the kept views of a list have, in one request once the page stands. Without script they have no numbers.
for (const nav of document.querySelectorAll("[data-saved-url]")) {
  fetch(nav.dataset.savedUrl, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then((counts) => {
      for (const place of nav.querySelectorAll("[data-count-of]")) place.textContent = counts[place.dataset.countOf] ?? "";
    })
    .catch(() => {});
}
