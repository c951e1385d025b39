// The palette: pages, acts and records by what is typed. Ctrl-K (on a Mac Cmd-K) and / open it; the list is the server's.
import { onKey } from "./keys.js";

const WAIT = 120;
const palette = document.getElementById("palette");
const box = document.getElementById("palette-text");
const list = document.getElementById("palette-offers");
const said = palette?.querySelector("[role=status]");
let asked = 0;
let timer = 0;
let before = null;

function options() {
  return [...list.querySelectorAll("[role=option]")];
}

function mark(at) {
  const all = options();
  const chosen = all.length ? (at + all.length) % all.length : -1;
  all.forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
  if (chosen < 0) return box.removeAttribute("aria-activedescendant");
  box.setAttribute("aria-activedescendant", all[chosen].id);
  all[chosen].scrollIntoView({ block: "nearest" });
}

function marked() {
  return options().findIndex((option) => option.getAttribute("aria-selected") === "true");
}

function offer(item, id) {
  const link = document.createElement("a");
  link.id = id;
  link.href = item.url;
  link.tabIndex = -1;
  link.setAttribute("role", "option");
  for (const [name, text] of [["title", item.title], ["note", item.note]]) {
    const part = document.createElement("bdi");
    part.className = `palette-${name}`;
    part.textContent = text;
    link.append(part);
  }
  return link;
}

function show(groups) {
  let made = 0;
  list.replaceChildren(
    ...groups.map((group, place) => {
      const part = document.createElement("div");
      part.setAttribute("role", "group");
      if (group.label) {
        const heading = document.createElement("p");
        heading.id = `palette-group-${place}`;
        heading.textContent = group.label;
        part.setAttribute("aria-labelledby", heading.id);
        part.append(heading);
      }
      part.append(...group.items.map((item) => offer(item, `palette-offer-${made++}`)));
      return part;
    }),
  );
  box.setAttribute("aria-expanded", String(made > 0));
  said.textContent = made ? "" : said.dataset.none;
  mark(0);
}

async function ask() {
  const turn = ++asked;
  const url = new URL(palette.dataset.url, location.href);
  url.searchParams.set("q", box.value.trim());
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (answer.redirected) return location.reload(); // signed out meanwhile: the page says so
    if (!answer.ok) throw new Error(`the palette answered ${answer.status}`);
    const groups = await answer.json();
    if (turn === asked) show(groups);
  } catch {
    if (turn === asked) said.textContent = said.dataset.lost;
  }
}

function open() {
  if (palette.open) return;
  before = document.activeElement;
  box.value = document.getElementById("global-search")?.value ?? "";
  palette.showModal();
  box.select();
  ask();
}

if (palette) {
  onKey("/", open);
  document.addEventListener("keydown", (event) => {
    const opens = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (!opens || document.querySelector("dialog[open]:not(#palette)")) return;
    event.preventDefault();
    if (palette.open) palette.close();
    else open();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("a[data-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  palette.addEventListener("close", () => before?.focus?.());
  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close(); // beside it
  });
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(marked() + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      options()[marked()]?.click();
    }
  });
}
