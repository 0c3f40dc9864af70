// What every page does better with JavaScript, and does without it too: the buttons it uncovers are hidden.
"use strict";

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const show = button.textContent;
  button.hidden = false;
  const cover = (isCovered) => {
    field.type = isCovered ? "password" : "text";
    button.textContent = isCovered ? show : button.dataset.shown;
    button.setAttribute("aria-pressed", String(!isCovered));
  };
  button.addEventListener("click", () => cover(field.type === "text"));
  // A password is not left on the screen, nor kept by the browser as ordinary text.
  field.form?.addEventListener("submit", () => cover(true));
}

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    });
  }
}

// A refused form says so first: the reader of a screen is taken to the list.
document.querySelector(".refusals")?.focus();
