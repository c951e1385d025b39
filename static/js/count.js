// The number of rows, asked for when the page already stands. Until then, and without script, it is a link.
for (const place of document.querySelectorAll("[data-count-url]")) {
  fetch(place.dataset.countUrl, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then(({ text }) => {
      place.textContent = text === "1" ? "1 row" : `${text} rows`;
    })
    .catch(() => {}); // the link stays
}
