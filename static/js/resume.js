// What was typed in a form and sent without an answer stands there again when its page is opened next: the connection was
// lost, or the session had ended. In this window, for this person, until the server answered.
import { tellKept } from "./draft.js";

const KEY = "sent-form";
const PLAIN = new Set(["text", "textarea", "email", "number", "date", "datetime-local", "tel", "url", "search"]);
const DOORS = /^\/(sign-in|prove)\b/;

const person = document.body.dataset.person ?? "";
const sent = read();
if (sent && (isAnswered(sent) || (person && person !== sent.person))) sessionStorage.removeItem(KEY);
else if (sent?.path === location.pathname + location.search) resume(sent);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("action") === "/sign-out") sessionStorage.removeItem(KEY);
  else if (form.matches("[data-guard]:not([data-draft])") && !event.defaultPrevented) keep(form);
});

// An answer is a page that came from the form, by its own way: neither back to a page from before, nor past the door, nor
// one that stands in the form's place and says that something went wrong.
function isAnswered({ path, action }) {
  const { type } = performance.getEntriesByType("navigation")[0] ?? {};
  if (type === "back_forward" || document.referrer !== `${location.origin}${path}` || DOORS.test(location.pathname)) return false;
  const places = [new URL(path, location.href).pathname, new URL(action, location.href).pathname];
  return !places.includes(location.pathname) || Boolean(formOf(action));
}

function keep(form) {
  const fields = {};
  for (const [key, field] of namedFields(form)) {
    const [value, over] = stateOf(field);
    if (String(value) !== String(over)) fields[key] = { value, over, shown: shownOf(field)?.value };
  }
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname + location.search, action: form.getAttribute("action"), person, fields }));
  } catch {
    // No room, or no storage in this window.
  }
}

function resume({ action, fields }) {
  const form = formOf(action);
  if (!form) return;
  let resumed = false;
  for (const [key, field] of namedFields(form)) {
    const kept = fields[key];
    const [value, over] = stateOf(field);
    // What was changed elsewhere meanwhile, or brought back by the browser itself, is newer.
    if (!kept || String(kept.over) !== String(over) || String(value) !== String(over)) continue;
    bring(field, kept);
    resumed = true;
  }
  if (resumed) tellKept(form);
}

function formOf(action) {
  return [...document.querySelectorAll("form[data-guard]")].find((each) => each.getAttribute("action") === action);
}

// Fields of the same name are told apart by their place.
function* namedFields(form) {
  const met = new Map();
  for (const field of form.elements) {
    if (!field.name || stateOf(field) === null) continue;
    const place = met.get(field.name) ?? 0;
    met.set(field.name, place + 1);
    yield [`${field.name}:${place}`, field];
  }
}

// What a field holds, and what the page gave it; null for what is not kept: files, passwords and hidden values.
function stateOf(field) {
  if (field.type === "checkbox" || field.type === "radio") return [field.checked, field.defaultChecked];
  if (field instanceof HTMLSelectElement) return [chosen(field, "selected"), chosen(field, "defaultSelected")];
  if (shownOf(field)) return [field.value, field.dataset.first];
  return PLAIN.has(field.type) ? [field.value, field.defaultValue] : null;
}

function chosen(select, how) {
  return [...select.options].filter((option) => option[how]).map((option) => option.value);
}

// A field with suggestions holds its value in a hidden one; what is seen is another.
function shownOf(field) {
  return field.type === "hidden" ? field.closest(".combobox")?.querySelector("[role=combobox]") : null;
}

function bring(field, { value, shown }) {
  if (field.type === "checkbox" || field.type === "radio") field.checked = value;
  else if (field instanceof HTMLSelectElement) for (const option of field.options) option.selected = value.includes(option.value);
  else field.value = value;
  if (shown !== undefined && shownOf(field)) shownOf(field).value = shown;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}
