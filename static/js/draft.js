// What was typed in a ticket and not sent yet survives a reload and a closed window: in this browser, for this person
// and this ticket alone. It goes when it was sent, after two weeks, when its person signs out or another one comes in.
import { say } from "./words.js";

const PREFIX = "draft:";
const KEPT_FOR = 14 * 24 * 3600 * 1000;
const KEPT_TYPES = new Set(["text", "textarea"]);

const forms = document.querySelectorAll("form[data-draft]");
for (const form of forms) keep(form);
if (forms.length) forgetOthers(document.body.dataset.person);

document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") forgetOthers(null);
});

function keep(form) {
  const { draft, draftOwn } = form.dataset;
  const key = `${PREFIX}${document.body.dataset.person}:${location.pathname}:${draft}`;
  const fields = [...form.elements].filter((field) => field.name && KEPT_TYPES.has(field.type));
  const kept = read(key);
  // One more message of one's own than when it was sent: it has arrived.
  if (kept?.sent !== undefined && kept.sent !== draftOwn) localStorage.removeItem(key);
  else if (kept) restore(form, fields, kept);
  form.addEventListener("input", () => write(key, fields));
  form.addEventListener("submit", () => write(key, fields, draftOwn));
  form.addEventListener("form:sent", () => localStorage.removeItem(key));
}

function restore(form, fields, kept) {
  let restored = false;
  for (const field of fields) {
    const { value, over } = kept.fields[field.name] ?? {};
    // A ready answer that the page puts in, and what it brings back after a mistake, are newer.
    if (value === undefined || over !== field.defaultValue || field.value !== field.defaultValue) continue;
    field.value = value;
    restored = true;
  }
  if (restored) tellKept(form);
}

export function tellKept(form) {
  const said = document.createElement("p");
  said.className = "field-help draft-kept";
  said.setAttribute("role", "status");
  form.closest("details")?.setAttribute("open", "");
  form.prepend(said);
  requestAnimationFrame(() => (said.textContent = say("This is what you typed before and did not send.")));
}

function write(key, fields, sent) {
  const changed = fields.filter((field) => field.value !== field.defaultValue);
  const values = changed.map((field) => [field.name, { value: field.value, over: field.defaultValue }]);
  try {
    if (!values.length) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ at: Date.now(), sent, fields: Object.fromEntries(values) }));
  } catch {
    // No room, or no storage in this window: then leaving warns, as everywhere.
  }
}

function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    return kept && Date.now() - kept.at < KEPT_FOR ? kept : null;
  } catch {
    return null;
  }
}

function forgetOthers(person) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX) && (!person || !key.startsWith(`${PREFIX}${person}:`) || !read(key))) localStorage.removeItem(key);
  }
}
