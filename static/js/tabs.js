// A row of tabs that is wider than the screen starts where its current one can be seen.
for (const row of document.querySelectorAll(".tabs")) {
  const [shown, here] = [row.getBoundingClientRect(), row.querySelector("[aria-current]")?.getBoundingClientRect()];
  if (here) row.scrollLeft += here.left + here.width / 2 - (shown.left + shown.width / 2);
}
