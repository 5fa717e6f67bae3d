// The field for an API key. It shows itself when the service asks for one.

import { fill } from "./dom.js";

/** @typedef {import("./api.js").Api} Api */

/**
 * @param {Api} api
 * @param {() => void} onKey Called with a key in place.
 */
export function askForKeys(api, onKey) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById("key-form"));
  const field = /** @type {HTMLInputElement} */ (document.getElementById("key"));
  const reason = /** @type {HTMLElement} */ (document.getElementById("key-reason"));
  api.onKeyNeeded = (detail) => {
    form.hidden = false;
    fill(reason, detail);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // A header takes no other characters, and a key has none.
    if (!/^[\x21-\x7e]+$/.test(field.value.trim())) {
      fill(reason, "A key has letters, digits and signs only.");
      return;
    }
    api.useKey(field.value.trim());
    field.value = "";
    // Hidden, the form would let the focus fall to the page's start.
    /** @type {HTMLElement | null} */ (document.querySelector("[role=tab][aria-selected=true]"))?.focus();
    form.hidden = true;
    onKey();
  });
}
