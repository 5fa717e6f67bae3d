// A drawing pad with its tools and examples.

import { element } from "./dom.js";
import { DrawingPad } from "./draw.js";
import { DRAWINGS } from "./examples.js";

const FILE_NAME = "digit.png";

export class Drawing {
  #pad;

  /** @param {() => void} onChange Called when the drawing is another one. */
  constructor(onChange) {
    const pad = new DrawingPad(() => {
      pad.canvas.hidden = false;
      onChange();
    });
    this.#pad = pad;
    this.element = element(
      "div",
      { class: "drawing" },
      pad.canvas,
      element(
        "div",
        { class: "row", role: "group", "aria-label": "Drawing" },
        button("Undo", () => pad.undo()),
        button("Clear", () => pad.clear()),
        button("Save", () => this.#save()),
      ),
    );
    this.examples = element(
      "div",
      { class: "row", role: "group", "aria-label": "Examples" },
      element("span", {}, "Examples"),
      ...DRAWINGS.map(({ name, strokes }) => button(name, () => pad.show(strokes))),
    );
  }

  get isEmpty() {
    return this.#pad.isEmpty;
  }

  /** Make room for a picture until something is drawn. */
  putAside() {
    this.#pad.canvas.hidden = true;
  }

  /** Return the drawing as a PNG file. */
  async toFile() {
    return new File([await this.#pad.toBlob()], FILE_NAME, { type: "image/png" });
  }

  async #save() {
    const address = URL.createObjectURL(await this.toFile());
    element("a", { href: address, download: FILE_NAME }).click();
    // The download has begun by then.
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}

/**
 * @param {string} text
 * @param {() => void} onclick
 */
function button(text, onclick) {
  return element("button", { type: "button", class: "quiet", onclick }, text);
}
