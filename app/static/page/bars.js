// Shares as horizontal bars.

import { element } from "./dom.js";

/**
 * @typedef {Object} Bar
 * @property {string} name
 * @property {number} share From 0 to 1.
 * @property {string} value The share in words.
 * @property {boolean} [strong] Whether it is the answer's.
 * @property {number | null} [mark] Where on the bar a line is drawn, from 0 to 1.
 */

/**
 * Return a list of bars.
 *
 * @param {Bar[]} bars
 * @param {string} label What they are, for screen readers.
 */
export function barList(bars, label) {
  return element("ul", { class: "bars", "aria-label": label }, ...bars.map(barItem));
}

/** @param {Bar} bar */
function barItem({ name, share, value, strong, mark }) {
  const filled = element("span", { class: "filled" });
  filled.style.width = `${100 * share}%`;
  const track = element("span", { class: "track", "aria-hidden": "true" }, filled);
  if (mark !== null && mark !== undefined) {
    const line = element("span", { class: "mark" });
    line.style.left = `${100 * mark}%`;
    track.append(line);
  }
  return element(
    "li",
    { class: strong ? "strong" : null },
    element("span", { class: "name" }, name),
    track,
    element("span", { class: "value" }, value),
  );
}
