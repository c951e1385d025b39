// The numbers in the bell, of one's jobs at work, and beside the entries of the navigation, kept fresh without a reload by one request a minute
// while the page is seen. The answer is mostly 304, which fetch turns into the answer from before. Without script the
// numbers are those of the page.
import { say } from "./words.js";

const PAUSE = 60_000;
const LONGEST = 15 * PAUSE;
const bell = document.querySelector("[data-counters-url]");

async function refresh() {
  const answer = await fetch(bell.dataset.countersUrl, { headers: { Accept: "application/json" }, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const told = await answer.json();
  showLink(bell, told.bell);
  const jobs = document.querySelector("[data-jobs]");
  jobs.hidden = told["your-jobs"].text === "";
  showLink(jobs, told["your-jobs"]);
  for (const number of document.querySelectorAll("[data-counter]")) {
    const { text, words } = told[number.dataset.counter] ?? { text: "", words: "" };
    show(number, text, words);
  }
  for (const number of document.querySelectorAll("[data-counter-sum]")) {
    const sum = number.dataset.counterSum.split(" ").reduce((all, name) => all + (told[name]?.number ?? 0), 0);
    show(number, sum > 99 ? "99+" : String(sum || ""), sum ? say("%s new").replace("%s", sum > 99 ? "99+" : sum) : "");
  }
}

// The number is drawn from the attribute, so that the words of the entry stay its words.
function show(number, text, words) {
  if (number.dataset.text === text) return;
  number.dataset.text = text;
  number.hidden = text === "";
  number.setAttribute("aria-label", words);
}

function showLink(link, { text, words }) {
  const number = link.querySelector("[data-bell-number]");
  if (link.getAttribute("aria-label") === words) return;
  number.textContent = text;
  number.hidden = text === "";
  link.setAttribute("aria-label", words);
  link.title = words;
}

if (bell) {
  let pause = PAUSE;
  let askedAt = Date.now();
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, Math.max(0, askedAt + pause - Date.now()));
  };
  const ask = async () => {
    askedAt = Date.now();
    try {
      await refresh();
      pause = PAUSE;
    } catch {
      pause = Math.min(pause * 2, LONGEST); // signed out, or offline
    }
    wait();
  };
  document.addEventListener("visibilitychange", wait);
  wait();
}
