// Work that goes on elsewhere: how far it is, asked for until it has ended. Without script the page is loaded again.
const PAUSE = 1_000;
const LONGEST = 30_000;

for (const box of document.querySelectorAll("[data-progress-url]")) follow(box, PAUSE);

function follow(box, pause) {
  const shown = box.querySelector("[data-progress]");
  if (!shown || "ended" in shown.dataset) return;
  setTimeout(async () => {
    let next = PAUSE;
    try {
      if (!document.hidden) await refresh(box);
    } catch {
      next = Math.min(pause * 2, LONGEST);
    }
    follow(box, next);
  }, pause);
}

// The words are changed in place where they can be, so that a reader of screens says what is new and the focus stays.
async function refresh(box) {
  const answer = await fetch(box.dataset.progressUrl, { redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-progress]");
  const shown = box.querySelector("[data-progress]");
  const [told, said] = [fresh, shown].map((each) => each.querySelector("[role=status]"));
  if (told.textContent !== said.textContent) said.textContent = told.textContent;
  shown.querySelector("progress").replaceWith(fresh.querySelector("progress"));
  const [now, before] = [fresh, shown].map((each) => each.querySelector(".results"));
  before.append(...[...now.children].slice(before.children.length));
  if (!("ended" in fresh.dataset)) return;
  shown.dataset.ended = "";
  shown.querySelector(".form-buttons").replaceWith(fresh.querySelector(".form-buttons"));
}
