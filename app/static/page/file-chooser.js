// A button that chooses files, with a hint that they can be dropped and pasted too.

import { element, uniqueId } from "./dom.js";

/**
 * Return a file field that is a drop zone to look at.
 *
 * @param {Object} options
 * @param {string} options.label
 * @param {string} options.hint
 * @param {string} [options.accept]
 * @param {(files: File[]) => void} options.onFiles
 */
export function fileChooser({ label, hint, accept, onFiles }) {
  const id = uniqueId("file");
  const note = uniqueId("file-note");
  const field = element("input", {
    id,
    type: "file",
    class: "unseen",
    multiple: true,
    accept,
    "aria-describedby": note,
  });
  field.addEventListener("change", () => {
    const files = [...(field.files ?? [])];
    // So that the same file can be chosen again.
    field.value = "";
    if (files.length) onFiles(files);
  });
  return element(
    "div",
    { class: "chooser" },
    field,
    element("label", { for: id, class: "button primary" }, label),
    element("p", { id: note, class: "small" }, hint),
  );
}
