// Files of a form by button, drop and paste: one list with their sizes, in which each can be removed, and which says
// early what the server will refuse. The list is kept in the file field itself, so the form is sent as without script.
import { say, sayOf } from "./words.js";

const WHOLE = 1024 * 1024;
const boxes = new WeakMap();

export const boxOf = (form) => boxes.get(form.querySelector("input[type=file][data-files]"));

class FileBox {
  constructor(input) {
    this.input = input;
    this.entries = [];
    this.most = Number(input.dataset.mostFiles);
    this.largest = Number(input.dataset.largestFile);
    this.together = Number(input.dataset.mostTogether);
    this.hint = made("p", "field-help file-hint", say("Or drop files here, or paste them into the text."));
    this.list = made("ul", "file-list");
    this.list.setAttribute("aria-label", say("To be sent"));
    this.list.hidden = true;
    this.wrong = made("p", "field-error");
    this.wrong.setAttribute("role", "alert");
    this.said = made("p", "visually-hidden");
    this.said.setAttribute("role", "status");
    input.after(this.hint, this.list, this.wrong);
    input.addEventListener("change", () => this.add([...input.files]));
    this.list.addEventListener("click", (event) => this.pressed(event));
    if (input.files.length) this.add([...input.files]); // a browser that reloads may have kept them
  }

  add(files) {
    const fresh = files.filter((file) => !this.entries.some((entry) => isSame(entry.file, file)));
    this.entries.push(...fresh.map((file) => ({ file, refused: "" })));
    this.show();
    if (fresh.length) this.say(`${fresh.map((file) => file.name).join(", ")} added. ${this.sum()}`);
  }

  pressed(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const at = [...this.list.children].indexOf(button.closest("li"));
    const [gone] = this.entries.splice(at, 1);
    this.show();
    this.say(`${gone.file.name} removed. ${this.sum()}`);
    (this.list.querySelectorAll("button")[Math.min(at, this.entries.length - 1)] ?? this.input).focus();
  }

  // What the server said of the files it was sent: [[place, message]].
  refuse(errors) {
    for (const entry of this.entries) entry.refused = "";
    for (const [place, message] of errors) if (this.entries[place]) this.entries[place].refused = message;
    this.show();
  }

  get isWrong() {
    return this.wrong.textContent !== "" || this.entries.some((entry) => entry.refused || this.early(entry.file));
  }

  early(file) {
    if (!file.size) return say("This file is empty, or a folder.");
    if (file.size > this.largest) return say("Larger than %s MB. Send it in parts, or make it smaller.").replace("%s", this.largest / WHOLE);
    return "";
  }

  focusWrong() {
    (this.list.querySelector(".is-wrong button") ?? this.list.querySelector("button"))?.focus();
  }

  show() {
    const kept = new DataTransfer();
    for (const { file } of this.entries) kept.items.add(file);
    this.input.files = kept.files;
    this.list.replaceChildren(...this.entries.map((entry) => this.row(entry)));
    this.list.hidden = this.entries.length === 0;
    const size = this.entries.reduce((sum, { file }) => sum + file.size, 0);
    let wrong = "";
    if (this.entries.length > this.most) wrong = say("At most %s files go with one message. Remove some.").replace("%s", this.most);
    else if (size > this.together) wrong = say("The files are larger than %s MB together. Remove some.").replace("%s", this.together / WHOLE);
    if (this.wrong.textContent !== wrong) this.wrong.textContent = wrong;
    this.input.dispatchEvent(new Event("input", { bubbles: true })); // so that leaving warns
  }

  row({ file, refused }) {
    const row = made("li", "file-row");
    const name = made("span", "file-name", file.name);
    name.dir = "auto";
    const remove = made("button", "btn btn-quiet", say("Remove"));
    remove.type = "button";
    remove.setAttribute("aria-label", say("Remove %s").replace("%s", () => file.name));
    const error = refused || this.early(file);
    row.append(name, made("span", "file-size", sizeText(file.size)));
    if (error) {
      row.classList.add("is-wrong");
      row.append(made("span", "field-error", error));
    }
    row.append(remove);
    return row;
  }

  sum() {
    const count = this.entries.length;
    if (!count) return say("No files are left.");
    const wrong = this.entries.filter((entry) => entry.refused || this.early(entry.file));
    return `${sayOf(count, "files")}${wrong.length ? ` ${sayOf(wrong.length, "cannot be sent")}` : ""}`;
  }

  // A page has one place where it says what happened; this one is made when there is something to say of files.
  say(text) {
    const isNew = !this.said.isConnected;
    if (isNew) this.wrong.after(this.said);
    setTimeout(() => (this.said.textContent = text), isNew ? 100 : 0); // what is there at once is not said
  }
}

function made(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function isSame(one, other) {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

function sizeText(size) {
  const units = ["B", "kB", "MB", "GB"];
  let at = 0;
  let amount = size;
  for (; amount >= 1000 && at < units.length - 1; at += 1) amount /= 1000;
  return `${at ? amount.toFixed(1) : amount} ${units[at]}`;
}

const carriesFiles = (transfer) => [...(transfer?.types ?? [])].includes("Files");

// The form a file is dropped on; elsewhere the browser would leave the page for the file, and what was typed.
function formUnder(event) {
  const form = event.target.closest?.("form");
  return form && boxOf(form) ? form : null;
}

function mark(form) {
  for (const each of document.querySelectorAll("form.is-drop-target")) if (each !== form) each.classList.remove("is-drop-target");
  form?.classList.add("is-drop-target");
}

function listen() {
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    const form = formUnder(event);
    event.dataTransfer.dropEffect = form ? "copy" : "none";
    mark(form);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(null);
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    mark(null);
    const form = formUnder(event);
    if (form) boxOf(form).add([...event.dataTransfer.files]);
  });
  // Cells and formatted text are offered as a picture as well: who pastes them means the text.
  document.addEventListener("paste", (event) => {
    const form = formUnder(event);
    const files = [...(event.clipboardData?.files ?? [])];
    if (!form || !files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    boxOf(form).add(files.map(named));
  });
}

let pasted = 0;

// Every picture that is pasted is called "image.png".
function named(file) {
  if (!/^image\.\w+$/.test(file.name)) return file;
  pasted += 1;
  return new File([file], file.name.replace("image", `pasted-${pasted}`), { type: file.type, lastModified: file.lastModified });
}

const inputs = document.querySelectorAll("input[type=file][data-files]");
for (const input of inputs) boxes.set(input, new FileBox(input));
if (inputs.length) listen();
