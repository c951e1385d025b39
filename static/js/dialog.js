// Opens an action's confirmation in a dialog instead of on a page of its own. The server sends the same fragment for
// both; a refused form (409, 422) comes back as a fragment too, and success is a redirect to the page to show.
// data-dialog="peek" asks for a quick look at a record instead of its page; so does the key p in a row that has one.
import { onKey } from "./keys.js";
import { leaveFor } from "./leave.js";
import { say } from "./words.js";

const FRAGMENT = { "X-Fragment": "1" };
const SHOWN = new Set([200, 409, 422]);
const LOST = "The server could not be reached. Nothing is known to have changed: reload the page before you try again.";

let dialog;

function makeDialog() {
  const made = document.createElement("dialog");
  made.className = "confirmation";
  made.setAttribute("aria-labelledby", "action-title");
  made.innerHTML = `
    <button type="button" class="dialog-close" data-close>
      <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <path d="m3 3 10 10M13 3 3 13" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" />
      </svg>
    </button>
    <div data-body></div>`;
  made.querySelector(".dialog-close").setAttribute("aria-label", say("Close"));
  made.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) {
      event.preventDefault();
      made.close();
    }
  });
  made.addEventListener("submit", send);
  made.addEventListener("close", () => {
    if (made.querySelector("[data-reload]")) location.reload();
    made.querySelector("[data-body]").replaceChildren();
  });
  document.body.append(made);
  return made;
}

function fill(fragment) {
  dialog ??= makeDialog();
  const body = dialog.querySelector("[data-body]");
  body.innerHTML = fragment;
  if (!dialog.open) dialog.showModal();
  const first = body.querySelector(".error-summary") ?? body.querySelector("input:not([type=hidden]), select, textarea");
  (first ?? body.querySelector(".form-buttons .btn"))?.focus();
}

async function open(address, wanted = "1") {
  let answer;
  try {
    answer = await fetch(address, { headers: { "X-Fragment": wanted } });
  } catch {
    answer = null;
  }
  // Anything unusual (signed out, no right, gone) is better said by the whole page.
  if (!answer || answer.redirected || !SHOWN.has(answer.status)) location.assign(address);
  else fill(await answer.text());
}

async function send(event) {
  const form = event.target;
  // Attributes, not properties: a field may be named "action" or "method".
  if (form.getAttribute("method") !== "post") return;
  event.preventDefault();
  try {
    const address = event.submitter?.getAttribute("formaction") ?? form.getAttribute("action");
    const answer = await fetch(address, { method: "POST", headers: FRAGMENT, body: new FormData(form, event.submitter) });
    if (answer.redirected) leaveFor(answer.url);
    else if (SHOWN.has(answer.status) || answer.status >= 400) fill(await fragmentOf(answer));
  } catch {
    fill(refusal(say(LOST)));
  }
}

// A whole page (an error page) instead of a fragment: its content is what matters.
async function fragmentOf(answer) {
  const text = await answer.text();
  if (!text.trimStart().toLowerCase().startsWith("<!doctype")) return text;
  const page = new DOMParser().parseFromString(text, "text/html");
  const title = page.querySelector("h1")?.textContent ?? say("That did not work");
  const hint = page.querySelector("h1 + p")?.textContent ?? "";
  return refusal(`${title}. ${hint}`);
}

function refusal(message) {
  const box = document.createElement("div");
  box.innerHTML = `
    <h2 id="action-title"></h2>
    <p role="alert"></p>
    <div class="form-buttons"><button type="button" class="btn btn-quiet" data-close></button></div>`;
  box.querySelector("h2").textContent = say("That did not work");
  box.querySelector("button").textContent = say("Close");
  box.querySelector("p").textContent = message;
  return box.innerHTML;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  link.closest("[popover]")?.hidePopover();
  open(link.href, link.dataset.dialog || "1");
});

onKey("p", () => document.activeElement?.closest("tr")?.querySelector("a[data-dialog=peek]")?.click());

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.matches("[data-dialog]")) return;
  event.preventDefault();
  const address = new URL(button.formAction);
  address.search = new URLSearchParams(new FormData(event.target));
  open(address.href);
});
