// Where answers appear. One question at a time: a newer one gives up the older, whose answer is then never shown.

import { element, fill } from "./dom.js";

/**
 * @typedef {Object} Progress
 * @property {AbortSignal} signal
 * @property {(share: number, text: string) => void} report Says how far the work is; 1 is sent, but not answered.
 */

/**
 * @typedef {Object} Shown
 * @property {Node[]} head Above the controls.
 * @property {Node[]} [foot] Below them.
 * @property {string} spoken What screen readers say.
 */

export class AnswerArea {
  #current = new AbortController();
  #announce;
  /** @type {(() => Promise<void>) | null} */
  #last = null;
  #bar = element("progress", { max: 1, "aria-label": "Progress" });
  #state = element("span", {});
  #busy;
  #problem = element("div", { class: "error", role: "alert", hidden: true });
  #head = element("div", { class: "head" });
  #foot = element("div", { class: "foot" });
  #invitation;

  /**
   * @param {(text: string) => void} announce
   * @param {string} invitation What is said before the first answer.
   * @param {Node[]} [controls] Between an answer's head and foot; they stay while answers change.
   */
  constructor(announce, invitation, controls = []) {
    this.#announce = announce;
    const cancel = element("button", { type: "button", class: "quiet", onclick: () => this.#cancel() }, "Cancel");
    this.#busy = element("div", { class: "busy", hidden: true }, this.#state, this.#bar, cancel);
    this.#invitation = invitation;
    this.element = element(
      "section",
      { class: "card answer", "aria-label": "Answer", tabindex: -1 },
      this.#busy,
      this.#problem,
      this.#head,
      ...controls,
      this.#foot,
    );
    this.clear();
  }

  /**
   * Do work and show what comes of it, unless newer work has begun.
   *
   * @param {(progress: Progress) => Promise<Shown>} work
   * @param {boolean} [isNew] Whether what is shown is of another input: then it goes at once.
   * @returns {Promise<void>}
   */
  run(work, isNew = true) {
    if (isNew) this.#empty();
    this.#last = () => this.#run(work);
    return this.#last();
  }

  /** Do the last work once more, as when a key has been given. */
  async again() {
    await this.#last?.();
  }

  /** Give up what is under way and show nothing. */
  clear() {
    this.#current.abort();
    this.#current = new AbortController();
    this.#last = null;
    this.#setBusy(false);
    this.#problem.hidden = true;
    this.#empty(this.#invitation);
  }

  /** @param {string} [text] What is said in the answer's place. */
  #empty(text) {
    this.element.classList.remove("answered");
    fill(this.#head, text ? element("p", { class: "invitation" }, text) : null);
    fill(this.#foot);
  }

  /** @param {(progress: Progress) => Promise<Shown>} work */
  async #run(work) {
    this.#current.abort();
    const current = new AbortController();
    this.#current = current;
    this.#problem.hidden = true;
    this.#report(0, "Sending");
    this.#setBusy(true);
    const report = (/** @type {number} */ share, /** @type {string} */ text) => {
      if (current === this.#current) this.#report(share, text);
    };
    try {
      const shown = await work({ signal: current.signal, report });
      if (current !== this.#current) return;
      fill(this.#head, ...shown.head);
      fill(this.#foot, ...(shown.foot ?? []));
      this.element.classList.add("answered");
      this.#announce(shown.spoken);
    } catch (error) {
      if (current !== this.#current || /** @type {Error} */ (error).name === "AbortError") return;
      this.#fail(/** @type {Error & {requestId?: string}} */ (error));
    } finally {
      if (current === this.#current) this.#setBusy(false);
    }
  }

  #cancel() {
    this.#current.abort();
    this.#setBusy(false);
    this.#empty("Cancelled.");
    this.#announce("Cancelled.");
  }

  /** @param {Error & {requestId?: string}} error */
  #fail(error) {
    this.#empty();
    fill(
      this.#problem,
      element("p", {}, error.message),
      error.requestId ? element("p", { class: "small" }, `Request ${error.requestId}`) : null,
    );
    this.#problem.hidden = false;
  }

  /**
   * @param {number} share
   * @param {string} text
   */
  #report(share, text) {
    fill(this.#state, text);
    if (share < 1) this.#bar.value = share;
    else this.#bar.removeAttribute("value");
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    // Hidden, the button that cancels would let the focus fall to the page's start.
    if (!isBusy && this.#busy.contains(document.activeElement)) this.element.focus();
    this.#busy.hidden = !isBusy;
    this.element.setAttribute("aria-busy", String(isBusy));
  }
}
