// The probability from which an answer is positive: a slider, a number, and the model's own.

import { element, fill, uniqueId } from "./dom.js";
import { percent } from "./numbers.js";

/**
 * @typedef {Object} OperatingPoint
 * @property {number} threshold
 * @property {string} chosen_by
 * @property {{value: number} | null} sensitivity
 * @property {{value: number} | null} specificity
 */

export class ThresholdControl {
  /** @type {number | null} The threshold that is asked for; null is the model's own. */
  chosen = null;
  #own = 0.5;
  #slider;
  #number;
  #mark = element("span", { class: "own-mark", "aria-hidden": "true" });
  #explanation = element("p", { class: "small" });
  #reset;

  /** @param {() => void} onChange Called when another threshold is chosen. */
  constructor(onChange) {
    const id = uniqueId("threshold");
    const note = uniqueId("threshold-note");
    this.#explanation.id = note;
    const bounds = { min: 0, max: 100, step: 0.1, "aria-describedby": note };
    this.#slider = element("input", { ...bounds, type: "range", "aria-label": "Threshold, per cent" });
    this.#number = element("input", { ...bounds, id, type: "number", inputmode: "decimal" });
    this.#reset = element("button", { type: "button", class: "link" });
    const choose = (/** @type {number | null} */ threshold) => {
      this.chosen = threshold;
      this.#show();
      onChange();
    };
    this.#slider.addEventListener("input", () => choose(this.#slider.valueAsNumber / 100));
    this.#number.addEventListener("change", () => {
      if (this.#number.validity.valid && this.#number.value !== "") choose(this.#number.valueAsNumber / 100);
      else this.#show();
    });
    this.#reset.addEventListener("click", () => {
      choose(null);
      this.#slider.focus();
    });
    this.element = element(
      "div",
      { class: "threshold", hidden: true },
      element(
        "div",
        { class: "slider" },
        element("label", { for: id }, "Threshold"),
        element("div", { class: "slider-track" }, this.#slider, this.#mark),
        element("span", { class: "with-unit" }, this.#number, " %"),
      ),
      this.#explanation,
      this.#reset,
    );
  }

  /**
   * Show the model's own threshold and how it came about, as far as that is known.
   *
   * @param {number} own
   * @param {OperatingPoint | null} point
   */
  describe(own, point) {
    this.#own = own;
    this.element.hidden = false;
    fill(this.#explanation, explain(own, point));
    this.#show();
  }

  #show() {
    const shown = (100 * (this.chosen ?? this.#own)).toFixed(1);
    this.#slider.value = this.#number.value = shown;
    // The middle of a thumb of 1rem stays half of that away from the ends.
    this.#mark.style.left = `calc(0.5rem + ${this.#own} * (100% - 1rem))`;
    this.#reset.hidden = this.chosen === null;
    fill(this.#reset, `Back to the model’s own, ${percent(this.#own)}`);
  }
}

/**
 * @param {number} own
 * @param {OperatingPoint | null} point
 */
function explain(own, point) {
  const mark = `The mark is the model’s own threshold, ${percent(own)}.`;
  if (!point?.sensitivity || !point.specificity) return mark;
  return (
    `${mark} It was chosen as the ${point.chosen_by}. There it finds ${percent(point.sensitivity.value)} of the ` +
    `pneumonias and clears ${percent(point.specificity.value)} of the normal pictures. A lower threshold misses fewer ` +
    "and raises more false alarms."
  );
}
