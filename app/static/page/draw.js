// A sheet of paper to draw on with mouse, finger or pen. Knows strokes and pixels; not what they are for.

import { element } from "./dom.js";

/** @typedef {import("./examples.js").Stroke} Stroke */

const SIDE = 560;
const PEN = 0.075 * SIDE;
const PAPER = "#ffffff";
const INK = "#17202a";

export class DrawingPad {
  /** @type {Stroke[]} */
  #strokes = [];
  /** @type {number | null} The pointer that draws: a second finger does not. */
  #pointer = null;
  /** @type {() => void} */
  #onChange;

  /** @param {() => void} onChange Called after each stroke, and when strokes are taken back. */
  constructor(onChange) {
    this.#onChange = onChange;
    this.canvas = element("canvas", {
      class: "pad",
      width: SIDE,
      height: SIDE,
      role: "img",
      "aria-label": "Drawing area for mouse, finger or pen. With the keyboard, use an example or choose a file.",
    });
    this.canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.#go(event));
    this.canvas.addEventListener("pointerup", (event) => this.#end(event));
    this.canvas.addEventListener("pointercancel", (event) => this.#end(event));
    this.#paint();
  }

  get isEmpty() {
    return this.#strokes.length === 0;
  }

  /** @param {Stroke[]} strokes */
  show(strokes) {
    this.#strokes = strokes.map((stroke) => [...stroke]);
    this.#paint();
    this.#onChange();
  }

  undo() {
    this.show(this.#strokes.slice(0, -1));
  }

  clear() {
    this.show([]);
  }

  /**
   * Return the drawing as a PNG.
   *
   * @returns {Promise<Blob>}
   */
  toBlob() {
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the canvas gave no picture"))));
    });
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    if (this.#pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.#strokes.push([this.#place(event)]);
    this.#paint();
  }

  /** @param {PointerEvent} event */
  #go(event) {
    if (event.pointerId !== this.#pointer) return;
    // Safari has it since 18.2, and others may have it in pages over TLS and on localhost only.
    const passed = event.getCoalescedEvents?.() ?? [];
    this.#strokes[this.#strokes.length - 1].push(...(passed.length ? passed : [event]).map((one) => this.#place(one)));
    this.#paint();
  }

  /** @param {PointerEvent} event */
  #end(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#onChange();
  }

  /**
   * @param {PointerEvent} event
   * @returns {[number, number]}
   */
  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #paint() {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.fillStyle = PAPER;
    context.fillRect(0, 0, SIDE, SIDE);
    Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: PEN, strokeStyle: INK });
    for (const stroke of this.#strokes) {
      context.beginPath();
      context.moveTo(stroke[0][0] * SIDE, stroke[0][1] * SIDE);
      // A line to where it began: a tap leaves a dot.
      for (const [x, y] of stroke.length > 1 ? stroke.slice(1) : stroke) context.lineTo(x * SIDE, y * SIDE);
      context.stroke();
    }
  }
}
