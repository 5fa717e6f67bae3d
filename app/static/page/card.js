// A model's card, in a dialog.

import { element, fill } from "./dom.js";
import { renderMarkdown } from "./markdown.js";

/** @typedef {import("./api.js").Api} Api */

/**
 * Open the card of the model that serves a task.
 *
 * @param {Api} api
 * @param {string} task
 */
export async function openCard(api, task) {
  const body = element("div", { class: "card-body", tabindex: 0, role: "document" }, "Loading…");
  const close = element("button", { type: "button", class: "quiet" }, "Close");
  const dialog = element(
    "dialog",
    { class: "card-dialog", "aria-label": "Model card" },
    element("div", { class: "dialog-bar" }, element("span", {}, "Model card"), close),
    body,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  try {
    const { body: card } = await api.call({ path: `models/${task}/card` });
    fill(body, ...renderMarkdown(await card.text(), (source, text) => plot(api, task, source, text)));
  } catch (error) {
    fill(body, element("p", { class: "error" }, /** @type {Error} */ (error).message));
  }
}

/**
 * Return a card's picture. It is fetched, since an <img> would ask without the key.
 *
 * @param {Api} api
 * @param {string} task
 * @param {string} source
 * @param {string} text
 */
function plot(api, task, source, text) {
  const image = element("img", { alt: text });
  const figure = element("figure", {}, image, element("figcaption", {}, text));
  api.call({ path: `models/${task}/${source}` }).then(
    async ({ body }) => {
      image.src = URL.createObjectURL(body);
      await image.decode().catch(() => {});
      URL.revokeObjectURL(image.src);
    },
    () => fill(figure, `${text}: the picture could not be loaded.`),
  );
  return figure;
}
