// The number in the bell, kept fresh without a reload: asked for once a minute while the page is seen. The answer is
// mostly 304, which fetch turns into the answer from before. Without script the number is that of the page.
const PAUSE = 60_000;
const bell = document.querySelector("[data-bell-url]");

async function refresh() {
  const answer = await fetch(bell.dataset.bellUrl, { headers: { Accept: "application/json" }, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const { text, words } = await answer.json();
  const number = bell.querySelector("[data-bell-number]");
  if (bell.getAttribute("aria-label") === words) return;
  number.textContent = text;
  number.hidden = text === "";
  bell.setAttribute("aria-label", words);
  bell.title = words;
}

if (bell) {
  let failures = 0;
  const timer = setInterval(() => {
    if (document.hidden) return;
    refresh().then(
      () => {
        failures = 0;
      },
      () => {
        failures += 1;
        if (failures === 3) clearInterval(timer); // signed out, or offline for long: the next page starts it again
      },
    );
  }, PAUSE);
}
