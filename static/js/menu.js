// Menus are popovers. Arrow keys walk through them; where the browser cannot place them beside their button, this does.
const placesItself = CSS.supports("position-area: bottom");
const GAP = 4;

function place(menu, button) {
  const from = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = from.bottom + GAP;
  const fits = below + height < innerHeight;
  menu.style.position = "fixed";
  menu.style.margin = "0";
  menu.style.inset = "auto";
  menu.style.top = `${fits ? below : Math.max(GAP, from.top - GAP - height)}px`;
  menu.style.left = `${Math.min(Math.max(GAP, from.right - width), innerWidth - width - GAP)}px`;
}

function links(menu) {
  return [...menu.querySelectorAll("a, button")].filter((link) => link.offsetParent !== null);
}

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (event.newState !== "open" || !menu.matches(".menu, .nav-list")) return;
    const button = document.querySelector(`[popovertarget="${menu.id}"]`);
    if (!placesItself && button) place(menu, button);
  },
  true,
);

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const button = event.target.closest("[popovertarget]");
  const open = document.querySelector(".menu:popover-open, .nav-list:popover-open");
  if (open && (open.contains(event.target) || button?.getAttribute("popovertarget") === open.id)) {
    const all = links(open);
    const at = all.indexOf(event.target);
    const next = at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length;
    all[next]?.focus();
    event.preventDefault();
  }
});
