// The number of rows, asked for when the page already stands. Until then, and without script, it is a link.
for (const place of document.querySelectorAll("[data-count-url]")) {
  fetch(place.dataset.countUrl, { headers: { "X-Fragment": "1" } })
    .then((answer) => (answer.ok && !answer.redirected ? answer.text() : Promise.reject(answer.status)))
    .then((text) => {
      place.textContent = text.trim() === "1" ? "1 row" : `${text.trim()} rows`;
    })
    .catch(() => {}); // the link stays
}
