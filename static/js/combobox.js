// Suggestions for a field that refers to a record. Without this the field takes the exact number, and still works.
import { say } from "./words.js";

const WAIT = 180;
let made = 0;

async function ask(address, text) {
  const url = new URL(address, location.href);
  url.searchParams.set("q", text);
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the lookup answered ${answer.status}`);
  return answer.json();
}

function enhance(input) {
  const id = `combobox-${++made}`;
  const value = document.createElement("input");
  value.type = "hidden";
  value.name = input.name;
  value.value = input.value;
  value.dataset.first = input.value;
  input.removeAttribute("name");
  input.value = input.dataset.lookupText || input.value;

  const list = document.createElement("ul");
  list.id = id;
  list.className = "combobox-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", say("Suggestions"));
  list.hidden = true;

  const box = document.createElement("div");
  box.className = "combobox";
  input.replaceWith(box);
  box.append(input, value, list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id };
  for (const [name, text] of Object.entries(attributes)) input.setAttribute(name, text);

  let timer = 0;
  let asked = 0;
  let active = -1;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    value.value = option.dataset.value;
    input.value = option.textContent;
    value.dispatchEvent(new Event("change", { bubbles: true }));
    close();
  }

  function mark(index) {
    const options = [...list.querySelectorAll("[role=option]")];
    if (!options.length) return;
    active = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  }

  function show(choices) {
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(
      ...choices.map((choice, at) => {
        const option = document.createElement("li");
        option.id = `${id}-${at}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.value = choice.value;
        option.textContent = choice.label;
        return option;
      }),
    );
    list.hidden = choices.length === 0;
    input.setAttribute("aria-expanded", String(choices.length > 0));
  }

  async function search() {
    const turn = ++asked;
    try {
      const choices = await ask(input.dataset.lookupUrl, input.value.trim());
      if (turn === asked && document.activeElement === input) show(choices);
    } catch {
      close(); // the exact number can still be typed
    }
  }

  input.addEventListener("input", () => {
    value.value = input.value.trim();
    clearTimeout(timer);
    timer = setTimeout(search, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else mark(active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1));
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      choose(list.querySelectorAll("[role=option]")[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  input.addEventListener("blur", close);
  // Before the field loses the focus and the list with it.
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option) choose(option);
  });
}

function enhanceAll(within) {
  for (const input of within.querySelectorAll("input[data-lookup-url]:not([role])")) enhance(input);
}

enhanceAll(document);
// Dialogs bring their fields later.
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) if (node instanceof Element) enhanceAll(node.parentElement ?? node);
  }
}).observe(document.body, { childList: true, subtree: true });
