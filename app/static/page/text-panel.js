// The panel of a task that takes a text.

import { AnswerArea } from "./answer-area.js";
import { answerFoot, answerHead, spokenAnswer } from "./answer.js";
import { barList } from "./bars.js";
import { askMany, shownTogether } from "./batch.js";
import { element, uniqueId } from "./dom.js";
import { TEXTS } from "./examples.js";
import { fileChooser } from "./file-chooser.js";
import { markWords } from "./words.js";

const SHOWN = [1, 3, 5, 10, 20];
const SHOWN_AT_FIRST = 5;

export class TextPanel {
  #task;
  #api;
  #models;
  #area;
  #text;
  #shown;

  /**
   * @param {import("./tasks.js").Task} task
   * @param {import("./api.js").Api} api
   * @param {import("./models.js").Models} models
   * @param {(text: string) => void} announce
   */
  constructor(task, api, models, announce) {
    this.#task = task;
    this.#api = api;
    this.#models = models;
    const textId = uniqueId("text");
    const shownId = uniqueId("shown");
    this.#text = element("textarea", { id: textId, rows: 9, required: true, spellcheck: false });
    this.#shown = element(
      "select",
      { id: shownId },
      ...SHOWN.map((count) => element("option", { selected: count === SHOWN_AT_FIRST }, String(count))),
    );
    this.#shown.addEventListener("change", () => this.#ask(false));
    const control = element("p", { class: "shown" }, element("label", { for: shownId }, "Topics listed"), this.#shown);
    this.#area = new AnswerArea(announce, "The answer appears here.", [control]);
    this.input = element("div", { class: "card input" }, this.#form(textId), this.#examples());
    this.more = element("div", { class: "card more" }, this.#chooser());
    this.output = this.#area.element;
  }

  /**
   * Ask about text files that were chosen or dropped: one is put into the field.
   *
   * @param {File[]} files
   */
  async receive(files) {
    if (files.length > 1) {
      this.#area.run(async (progress) =>
        shownTogether(this.#task, await askMany(this.#api, this.#task, files, progress)),
      );
      return;
    }
    const text = await textOf(files[0]);
    if (text === null) {
      const reason = `${files[0].name} is not text in UTF-8. Choose a text file, or save it as UTF-8.`;
      this.#area.run(() => Promise.reject(new Error(reason)));
      return;
    }
    this.#text.value = text;
    this.#ask();
  }

  again() {
    return this.#area.again();
  }

  /** @param {boolean} [isNew] Whether the last answer is of another text. */
  #ask(isNew = true) {
    const text = this.#text.value;
    const query = { top: Number(this.#shown.value) };
    if (!text.trim()) return;
    this.#area.run(async ({ signal }) => {
      const { question, answer, milliseconds } = await this.#put(text, query, signal);
      const manifest = this.#models.manifest(this.#task.name, answer.model.version);
      return {
        head: answerHead(this.#task, answer, manifest),
        foot: [
          ...(answer.words?.length ? explained(text, answer.words) : []),
          ...answerFoot(this.#task, answer, milliseconds, this.#api, question, { text }),
        ],
        spoken: spokenAnswer(answer),
      };
    }, isNew);
  }

  /**
   * Ask for the answer with its words or, of a model that cannot explain itself, for the answer.
   *
   * @param {string} text
   * @param {{top: number}} query
   * @param {AbortSignal} signal
   */
  async #put(text, query, signal) {
    const common = { query, body: JSON.stringify({ text }), contentType: "application/json" };
    const question = { path: `explain/${this.#task.name}`, ...common };
    try {
      return { question, ...(await this.#api.ask(question, { signal })) };
    } catch (error) {
      if (/** @type {any} */ (error).status !== 404) throw error;
      const plain = { path: `predict/${this.#task.name}`, ...common };
      return { question: plain, ...(await this.#api.ask(plain, { signal })) };
    }
  }

  /** @param {string} textId */
  #form(textId) {
    const form = element(
      "form",
      { class: "text-form" },
      element("label", { for: textId }, "Text"),
      this.#text,
      element("button", { type: "submit", class: "primary" }, "Find the topic"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    return form;
  }

  #examples() {
    const buttons = TEXTS.map(({ name, text }) => {
      const onclick = () => {
        this.#text.value = text;
        this.#ask();
      };
      return element("button", { type: "button", class: "quiet", onclick }, name);
    });
    return element(
      "div",
      { class: "row", role: "group", "aria-label": "Examples" },
      element("span", {}, "Examples"),
      ...buttons,
    );
  }

  #chooser() {
    return fileChooser({
      label: "Choose a text file instead",
      hint: "Or drop it here. Several at once give a table.",
      accept: this.#task.accept,
      onFiles: (files) => this.receive(files),
    });
  }
}

/**
 * Return what a file says, or null if it is not text in UTF-8.
 *
 * @param {File} file
 */
async function textOf(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    return null;
  }
}

/**
 * Return a text with its words marked, and the words by themselves.
 *
 * @param {string} text
 * @param {import("./words.js").WordEvidence[]} words
 */
function explained(text, words) {
  const bars = words.map(({ word, evidence }) => ({
    name: word,
    share: evidence / words[0].evidence,
    value: evidence.toFixed(2),
  }));
  return [
    element("h3", {}, "The words that carried it"),
    element("blockquote", { class: "marked" }, markWords(text, words)),
    element(
      "details",
      {},
      element("summary", {}, "The words and their weight"),
      barList(bars, "Words and their weight"),
    ),
  ];
}
