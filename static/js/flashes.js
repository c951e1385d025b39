// What just happened. A reader of screens says nothing of words that stood there when the page was loaded, so they are
// said once more; nothing goes by itself, and everything can be put away.
import { say } from "./words.js";

const flashes = [...document.querySelectorAll(".flashes .notice")];
const quiet = flashes.filter((flash) => flash.getAttribute("role") === "status");

for (const flash of flashes) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "notice-close";
  button.setAttribute("aria-label", say("Put this message away"));
  button.innerHTML = `<svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
    <path d="m3 3 10 10M13 3 3 13" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" /></svg>`;
  button.addEventListener("click", () => {
    flash.remove();
    document.getElementById("main").focus();
  });
  flash.append(button);
}

if (quiet.length) {
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  quiet[0].parentElement.append(said);
  for (const flash of quiet) flash.removeAttribute("role"); // it would be said twice where it is said at all
  setTimeout(() => (said.textContent = quiet.map((flash) => flash.querySelector("p").textContent.trim()).join(" ")), 100);
}
