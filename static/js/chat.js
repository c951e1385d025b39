// A chat without reloading: what was said in the meantime is asked for, and what one writes is sent without leaving the page.
// Without script the form is a form, and the page is loaded again.
const EVERY = 2_000;
const AT_MOST = 30_000;

const box = document.querySelector("[data-chat]");
if (box) follow(box);

function follow(box) {
  const lines = box.querySelector(".chat-lines");
  const log = box.querySelector(".chat-log");
  const state = document.querySelector("[data-chat-state]");
  const form = box.querySelector("[data-chat-form]");
  let pause = EVERY;
  let timer = 0;
  let asking = false;
  let again = false;
  log.scrollTop = log.scrollHeight;
  if (!("closed" in box.dataset)) wait();
  form?.addEventListener("submit", send);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  }

  async function ask() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      if (!document.hidden) {
        const answer = await fetch(`${box.dataset.chat}?after=${box.dataset.last}`, { redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        show(await answer.json());
      }
      pause = EVERY;
    } catch {
      pause = Math.min(pause * 2, AT_MOST);
    }
    asking = false;
    if (again) {
      again = false;
      ask();
    } else {
      wait();
    }
  }

  function show(news) {
    const below = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    if (news.html) {
      lines.insertAdjacentHTML("beforeend", news.html);
      box.dataset.last = news.last;
      if (below) log.scrollTop = log.scrollHeight;
    }
    if (state && state.textContent !== news.state) state.textContent = news.state;
    if (news.closed && form) form.hidden = true;
  }

  async function send(event) {
    event.preventDefault();
    const field = form.elements.text;
    if (!field.value.trim()) {
      field.focus();
      return;
    }
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
      if (answer.type !== "opaqueredirect") throw new Error(String(answer.status));
      field.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      ask();
    } catch {
      form.submit(); // the page that answers says what is wrong, and keeps what was typed
    } finally {
      button.disabled = false;
      field.focus();
    }
  }
}
