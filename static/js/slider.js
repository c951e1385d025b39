// A slider beside a number field; either moves the other. The number is what is sent.
for (const number of document.querySelectorAll("input[data-slider]")) {
  const slider = document.createElement("input");
  slider.type = "range";
  slider.className = "form-range";
  slider.min = number.min;
  slider.max = number.max;
  slider.value = number.value;
  slider.setAttribute("aria-label", number.dataset.slider);
  slider.addEventListener("input", () => {
    number.value = slider.value;
    number.dispatchEvent(new Event("change", { bubbles: true }));
  });
  number.addEventListener("input", () => (slider.value = number.value));
  number.before(slider);
}
