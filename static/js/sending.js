// Forms with files are sent without leaving the page, so that it can be seen how far they are. The server judges as ever:
// what it refuses is said at the fields and files it names, and everything typed and chosen stays.
import { boxOf } from "./files.js";
import { leaveFor } from "./leave.js";
import { say, sayOf } from "./words.js";

const LOST = "The connection was lost before everything was sent. Nothing was kept. What you typed and chose is still here: try again.";
const UNKNOWN = "Everything was sent, but no answer came. Look in another window whether it arrived before you send it again.";
const SIGNED_OUT = "You are signed out. Sign in in another window, then send this again: what you typed and chose is still here.";

document.addEventListener("submit", (event) => {
  const form = event.target;
  const box = boxOf(form);
  if (!box || event.defaultPrevented || form.closest("dialog")) return;
  if (box.isWrong) {
    event.preventDefault();
    box.focusWrong();
    form.dispatchEvent(new Event("form:back", { bubbles: true }));
  } else if (box.input.files.length) {
    event.preventDefault();
    send(form, box, event.submitter);
  }
});

function send(form, box, submitter) {
  const address = new URL(submitter?.getAttribute("formaction") ?? form.getAttribute("action"), location.href);
  const request = new XMLHttpRequest();
  const shown = new Progress(form, box.entries.length, () => request.abort());
  let wasSent = false;
  const back = (message) => {
    shown.remove();
    form.dispatchEvent(new Event("form:back", { bubbles: true }));
    if (message) sayMistakes(form, [[message, ""]]);
  };
  request.upload.addEventListener("progress", ({ loaded, total }) => shown.at(loaded / total));
  request.upload.addEventListener("load", () => {
    wasSent = true;
    shown.at(1);
  });
  request.addEventListener("error", () => back(say(wasSent ? UNKNOWN : LOST)));
  request.addEventListener("abort", () => back(""));
  request.addEventListener("load", () => {
    const landed = new URL(request.responseURL);
    if (landed.href !== address.href && landed.pathname.startsWith(folderOf(address))) {
      form.dispatchEvent(new Event("form:sent", { bubbles: true }));
      leaveFor(landed);
    } else if (landed.href !== address.href) {
      back(say(SIGNED_OUT));
    } else {
      back("");
      takeOver(form, box, new DOMParser().parseFromString(request.responseText, "text/html"));
    }
  });
  request.open("POST", address);
  request.setRequestHeader("X-Fragment", "1"); // what is to be said next is left for the page that is shown next
  request.send(new FormData(form, submitter));
}

// What was taken leads to the record or its list: an address below the same folder.
const folderOf = (address) => address.pathname.slice(0, address.pathname.lastIndexOf("/"));

class Progress {
  constructor(form, count, stop) {
    this.box = document.createElement("div");
    this.box.className = "sending";
    this.box.innerHTML = `<p role="status"></p><progress max="100" value="0" ></progress>
      <button type="button" class="btn btn-quiet"></button>`;
    [this.words, this.bar, this.stop] = this.box.children;
    this.bar.setAttribute("aria-label", say("Sent so far"));
    this.stop.textContent = say("Stop sending");
    this.stop.addEventListener("click", stop);
    form.querySelector(".form-buttons").before(this.box);
    requestAnimationFrame(() => (this.words.textContent ||= sayOf(count, "sending files")));
  }

  at(part) {
    this.bar.value = Math.round(part * 100);
    if (part < 1) return;
    this.words.textContent = say("Everything is sent. Waiting for the answer …");
    this.stop.hidden = true;
  }

  remove() {
    this.box.remove();
  }
}

// The refused form as the server shows it: its hidden values and what it says of each field.
function takeOver(form, box, page) {
  const answered = [...page.forms].find((each) => each.getAttribute("action") === form.getAttribute("action"));
  if (!answered) {
    const title = page.querySelector("h1")?.textContent.trim() ?? say("That did not work");
    const hint = page.querySelector("h1 + p")?.textContent.trim() ?? say("Nothing was kept. Try again.");
    sayMistakes(form, [[`${title}. ${hint}`, ""]]);
    return;
  }
  const ids = new Map();
  for (const theirs of answered.elements) {
    const ours = theirs.name && form.elements.namedItem(theirs.name);
    if (!(ours instanceof Element)) continue;
    if (theirs.type === "hidden" && ours.type === "hidden" && !ours.closest(".combobox")) ours.value = theirs.value;
    else if (theirs.id) {
      ids.set(theirs.id, shownFor(ours).id);
      tell(shownFor(ours), answered.querySelector(`[id="${theirs.id}-error"]`));
    }
  }
  const files = [...form.querySelectorAll("[data-file]")].map((each) => [Number(each.dataset.file), words(each)]);
  box.refuse(files);
  for (const each of form.querySelectorAll(".file-errors [data-file]")) each.remove();
  const said = [...page.querySelectorAll(".error-summary li")].map((each) => {
    const link = each.querySelector("a");
    return [each.textContent.trim(), link ? (ids.get(link.getAttribute("href").slice(1)) ?? "") : ""];
  });
  sayMistakes(form, said);
}

// A field with suggestions holds its value in a hidden one; errors belong to the one that is seen.
function shownFor(field) {
  return field.closest(".combobox")?.querySelector("[role=combobox]") ?? field;
}

function tell(field, error) {
  const known = new Set((field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean));
  const id = `${field.id}-error`;
  document.getElementById(id)?.remove();
  known.delete(id);
  field.removeAttribute("aria-invalid");
  field.classList.remove("is-invalid");
  if (error) {
    error.id = id;
    (field.closest(".combobox") ?? field).before(error);
    known.add(id);
    field.setAttribute("aria-invalid", "true");
    field.classList.add("is-invalid");
  }
  if (known.size) field.setAttribute("aria-describedby", [...known].join(" "));
  else field.removeAttribute("aria-describedby");
}

const words = (element) => {
  const read = element.cloneNode(true);
  for (const hidden of read.querySelectorAll(".visually-hidden")) hidden.remove();
  return read.textContent.trim();
};

// All mistakes at once above the form, as after a page was loaded: [[message, id of its field]].
function sayMistakes(form, said) {
  for (const earlier of document.querySelectorAll(".error-summary")) earlier.remove();
  if (!said.length) return;
  const summary = document.createElement("div");
  summary.className = "error-summary";
  summary.setAttribute("role", "alert");
  summary.tabIndex = -1;
  const title = document.createElement("h2");
  title.textContent = say("There is a problem");
  const list = document.createElement("ul");
  for (const [message, id] of said) {
    const row = document.createElement("li");
    const place = id ? document.createElement("a") : row;
    if (id) place.href = `#${id}`;
    place.textContent = message;
    if (id) row.append(place);
    list.append(row);
  }
  summary.append(title, list);
  form.prepend(summary);
  summary.focus();
}
