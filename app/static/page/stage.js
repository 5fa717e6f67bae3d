// A chosen picture, and the heat map over it.

import { element, fill, uniqueId } from "./dom.js";
import { drawHeatmap, strongestPlace } from "./heatmap.js";
import { inWords } from "./labels.js";
import { fileSize } from "./numbers.js";

const OPACITY = 65;

export class Stage {
  #address = "";
  #turn = 0;
  #picture = element("img", { class: "picture" });
  #map = element("canvas", { class: "heatmap", role: "img", hidden: true });
  #frame = element("div", { class: "frame" }, this.#picture, this.#map);
  #name = element("p", { class: "small file-name" });
  #note = element("p", { class: "small" });
  #legend = element("div", { class: "legend", hidden: true });

  constructor() {
    this.element = element(
      "figure",
      { class: "stage", hidden: true },
      this.#frame,
      this.#legend,
      this.#note,
      this.#name,
    );
  }

  /**
   * Show a file, if the browser can read it, and take away what was shown before.
   *
   * @param {File} file
   * @returns {Promise<boolean>} Whether it can; it cannot read DICOM files.
   */
  async show(file) {
    this.clear();
    this.element.hidden = false;
    fill(this.#name, `${file.name}, ${fileSize(file.size)}`);
    return this.showPicture(file, `The picture that you chose: ${file.name}`);
  }

  /**
   * Show a picture in place of the one that is shown.
   *
   * @param {Blob} blob
   * @param {string} description
   */
  async showPicture(blob, description) {
    this.#turn += 1;
    const turn = this.#turn;
    const address = URL.createObjectURL(blob);
    const picture = element("img", { class: "picture", src: address, alt: description });
    try {
      await picture.decode();
    } catch {
      URL.revokeObjectURL(address);
      return false;
    }
    if (turn !== this.#turn) {
      // Another picture has been chosen meanwhile.
      URL.revokeObjectURL(address);
      return true;
    }
    URL.revokeObjectURL(this.#address);
    this.#address = address;
    const { naturalWidth: width, naturalHeight: height } = picture;
    // As wide as the column, but no higher than the window and no thumbnail blown up.
    this.#frame.style.maxWidth = `min(${width / height} * 68vh, max(14rem, ${2 * width}px))`;
    this.#picture.replaceWith(picture);
    this.#picture = picture;
    this.#frame.hidden = false;
    return true;
  }

  /** @param {string} text */
  say(text) {
    fill(this.#note, text);
  }

  /**
   * Lay evidence for an answer over the picture, or take it away.
   *
   * @param {number[][] | null} cells
   * @param {string} label
   */
  explain(cells, label) {
    this.#map.hidden = this.#legend.hidden = cells === null || this.#frame.hidden;
    if (cells === null || this.#frame.hidden) return;
    drawHeatmap(this.#map, cells, this.#picture.naturalWidth / this.#picture.naturalHeight);
    const place = strongestPlace(cells);
    const words = inWords(label);
    const strongest = place
      ? `The strongest evidence for “${words}” lies ${place}.`
      : `Nothing in the picture speaks for “${words}”.`;
    this.#map.setAttribute("aria-label", `Heat map over the picture. ${strongest}`);
    if (!this.#legend.hasChildNodes()) this.#legend.append(this.#opacityControl());
    this.#legend.querySelector(".key")?.remove();
    this.#legend.append(
      element(
        "div",
        { class: "key small" },
        element("p", {}, element("span", { class: "swatch for" }), `speaks for “${words}”`),
        element("p", {}, element("span", { class: "swatch against" }), "speaks against it"),
        element("p", { class: "whole" }, strongest),
      ),
    );
  }

  clear() {
    this.#turn += 1;
    URL.revokeObjectURL(this.#address);
    this.#address = "";
    this.#picture.removeAttribute("src");
    this.element.hidden = this.#frame.hidden = this.#map.hidden = this.#legend.hidden = true;
    fill(this.#note);
    fill(this.#name);
  }

  #opacityControl() {
    const id = uniqueId("opacity");
    const shown = element("span", { class: "set", "aria-hidden": "true" }, `${OPACITY} %`);
    const slider = element("input", { id, type: "range", min: 0, max: 100, step: 5, value: OPACITY });
    const apply = () => {
      this.#map.style.opacity = String(slider.valueAsNumber / 100);
      fill(shown, `${slider.value} %`);
    };
    slider.addEventListener("input", apply);
    apply();
    return element("div", { class: "slider" }, element("label", { for: id }, "Heat map"), slider, shown);
  }
}
