// Switches the theme in place, and keeps it in local storage and in the cookie that the server draws from.
const root = document.documentElement;
const MEDIA = { light: "not all", dark: "screen", auto: "screen and (prefers-color-scheme: dark)" };
const ONE_YEAR = 365 * 24 * 3600;

function show(theme) {
  root.dataset.bsTheme = theme;
  document.querySelector("#dark-colours").media = MEDIA[theme];
  for (const button of document.querySelectorAll("[data-theme-switch] button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

function keep(theme) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=${ONE_YEAR}; samesite=lax${secure}`;
}

function stored() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // storage is switched off: the cookie alone remembers
  }
}

// The cookie may have been cleared or come from another tab: the browser's own memory wins.
const remembered = stored();
if (remembered in MEDIA && remembered !== root.dataset.bsTheme) {
  show(remembered);
  keep(remembered);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-theme-switch]") || !(event.submitter?.value in MEDIA)) return;
  event.preventDefault();
  const theme = event.submitter.value;
  show(theme);
  keep(theme);
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // as above
  }
});
