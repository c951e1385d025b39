// Forms that need a passkey: sending one first fetches what to ask for, lets the browser ask, and then sends its answer.
import { say } from "./words.js";

const CANCELLED = "No passkey was used. Try again, or choose another way.";
const KNOWN = "This device holds a passkey of yours already.";
const NOT_HERE = "Passkeys do not work under this address. Open the page by the address you were given, or choose another way.";
const LOST = "The server could not be reached. Try again.";

const fromText = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

function toText(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const named = (list) => (list ?? []).map((each) => ({ ...each, id: fromText(each.id) }));

async function optionsFor(form) {
  const body = new URLSearchParams({ csrf_token: form.elements.namedItem("csrf_token").value });
  const answer = await fetch(form.dataset.options, { method: "POST", body, headers: { Accept: "application/json" } });
  const found = await answer.json().catch(() => ({}));
  if (found.prove_url) location.assign(`/prove?${new URLSearchParams({ next: location.pathname + location.search })}`);
  if (!answer.ok) throw new Error(found.detail ?? say(LOST));
  return found;
}

async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: fromText(options.challenge),
      user: { ...options.user, id: fromText(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    },
  });
  const { clientDataJSON, attestationObject } = made.response;
  return answerOf(made, {
    clientDataJSON: toText(clientDataJSON),
    attestationObject: toText(attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

async function get(options) {
  const used = await navigator.credentials.get({
    publicKey: { ...options, challenge: fromText(options.challenge), allowCredentials: named(options.allowCredentials) },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = used.response;
  return answerOf(used, {
    clientDataJSON: toText(clientDataJSON),
    authenticatorData: toText(authenticatorData),
    signature: toText(signature),
    userHandle: userHandle ? toText(userHandle) : null,
  });
}

function answerOf(credential, response) {
  const { id, type, authenticatorAttachment } = credential;
  return JSON.stringify({ id, rawId: toText(credential.rawId), type, authenticatorAttachment, clientExtensionResults: {}, response });
}

function sayBeside(form, text) {
  const place = form.querySelector("[data-passkey-message]");
  place.hidden = !text;
  place.textContent = text;
}

function reason(error) {
  if (error.name === "InvalidStateError") return say(KNOWN);
  if (error.name === "SecurityError") return say(NOT_HERE);
  if (error.name === "NotAllowedError" || error.name === "AbortError") return say(CANCELLED);
  return error instanceof TypeError ? say(LOST) : error.message;
}

async function fillAndSend(form, button) {
  sayBeside(form, "");
  button?.setAttribute("aria-busy", "true");
  try {
    const options = await optionsFor(form);
    form.elements.namedItem("credential").value = await (form.dataset.passkey === "make" ? make : get)(options);
    form.requestSubmit();
  } catch (error) {
    sayBeside(form, reason(error));
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

// On the window, so that it comes before busy.js: the form is not under way before it has an answer to send.
addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("[data-passkey]") || form.elements.namedItem("credential").value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    fillAndSend(form, event.submitter);
  },
  true,
);

// Browsers make passkeys for names only, not for numbers.
const isNumber = /^[\d.]+$|^\[/.test(location.hostname);

if (globalThis.PublicKeyCredential && !isNumber) {
  for (const form of document.querySelectorAll("[data-passkey]")) form.hidden = false;
  for (const hint of document.querySelectorAll("[data-no-passkeys]")) hint.hidden = true;
}

// Back to a page whose answer was sent already: its challenge is used up, so the next press asks anew.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-passkey]")) form.elements.namedItem("credential").value = "";
});
