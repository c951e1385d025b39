// What scripts say, in the language of the page: templates/components/script_words.html holds it, by the English words.
const kept = document.getElementById("script-words")?.content;

function find(text, form) {
  const all = [...(kept?.querySelectorAll("data") ?? [])];
  return all.find((each) => each.value === text && (each.dataset.form ?? form) === form);
}

export function say(text) {
  return find(text)?.textContent ?? text;
}

// A sentence about a number of things; languages have up to six forms of it. ``shown`` is how the number is written.
export function sayOf(number, text, shown = number) {
  const rules = new Intl.PluralRules(document.documentElement.lang.split("-")[0]);
  const found = find(text, rules.select(number)) ?? find(text, "other");
  return (found?.textContent ?? text).replace("%s", shown);
}
