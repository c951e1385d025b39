// Writing in a ticket: colleagues are told that somebody writes and the writer of news; a ready answer goes to where one
// types. Without script the page says the same when it is loaded.
const PAUSE = 20_000;
const TYPED_LATELY = 60_000;

const composer = document.querySelector("[data-presence-url]");
if (composer) watch(composer);

function watch(box) {
  const form = box.querySelector("form");
  const news = box.querySelector("[data-presence]");
  let typedAt = 0;
  let failures = 0;
  form.addEventListener("input", () => {
    typedAt = Date.now();
  });
  const timer = setInterval(() => {
    if (!document.hidden) tell();
  }, PAUSE);
  tell();

  async function tell() {
    const said = new FormData();
    said.set("csrf_token", form.elements.csrf_token.value);
    said.set("seen", form.elements.seen.value);
    said.set("writing", Date.now() - typedAt < TYPED_LATELY ? "yes" : "no");
    try {
      const answer = await fetch(box.dataset.presenceUrl, { method: "POST", body: said, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const { colleagues, newer } = await answer.json();
      const text = [newer && `${newer} Reload the page to read it; what you typed is kept.`, colleagues].filter(Boolean).join(" ");
      if (news.textContent.trim() !== text) news.textContent = text;
      failures = 0;
    } catch {
      failures += 1;
      if (failures === 3) clearInterval(timer);
    }
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-insert]");
  const field = link && document.getElementById(link.dataset.into);
  if (!field) return;
  event.preventDefault();
  const before = field.value && !field.value.endsWith("\n") ? "\n\n" : "";
  field.focus();
  field.setRangeText(before + link.dataset.insert, field.selectionEnd, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
