// The panel of a task that takes a picture: a file or, where the task has it, a drawing.

import { AnswerArea } from "./answer-area.js";
import { answerFoot, answerHead, spokenAnswer } from "./answer.js";
import { askMany, shownTogether } from "./batch.js";
import { element } from "./dom.js";
import { Drawing } from "./drawing.js";
import { fileChooser } from "./file-chooser.js";
import { Stage } from "./stage.js";
import { ThresholdControl } from "./threshold.js";

// A hand pauses between the strokes of a digit, and a slider passes many values.
const PAUSE_MS = 250;
const BYTES = "application/octet-stream";

export class PicturePanel {
  #task;
  #api;
  #models;
  #area;
  #drawing;
  #stage = new Stage();
  #threshold = new ThresholdControl(() => this.#askSoon());
  /** @type {File[]} */
  #files = [];
  #timer = 0;

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
    this.#drawing = task.input === "drawing" ? new Drawing(() => this.#drawn()) : null;
    const invitation = this.#drawing ? "Draw a digit, and the answer appears here." : "The answer appears here.";
    this.#area = new AnswerArea(announce, invitation, [this.#threshold.element]);
    const chooser = fileChooser({
      label: this.#drawing ? "Choose a picture instead" : "Choose a picture",
      hint: "Or drop it here, or paste it. Several at once give a table.",
      accept: task.accept,
      onFiles: (files) => this.receive(files),
    });
    const drawing = this.#drawing;
    this.input = element("div", { class: "card input" }, this.#stage.element, drawing ? drawing.element : chooser);
    this.more = drawing && element("div", { class: "card more" }, drawing.examples, chooser);
    this.output = this.#area.element;
  }

  /**
   * Ask about files that were chosen, dropped or pasted.
   *
   * @param {File[]} files
   */
  receive(files) {
    this.#reset();
    this.#files = files;
    if (files.length > 1) {
      this.#askAll(files);
      return;
    }
    this.#drawing?.putAside();
    this.#ask(files[0], this.#stage.show(files[0]));
  }

  again() {
    return this.#area.again();
  }

  #reset() {
    clearTimeout(this.#timer);
    this.#files = [];
    this.#stage.clear();
  }

  #drawn() {
    this.#reset();
    if (this.#drawing?.isEmpty) this.#area.clear();
    else this.#askSoon();
  }

  #askSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      if (this.#files.length > 1) {
        this.#askAll(this.#files, false);
        return;
      }
      const file = this.#files[0] ?? (await this.#drawing?.toFile());
      const isOutdated = this.#files.length > 0 && file !== this.#files[0];
      if (file && !isOutdated) this.#ask(file, Promise.resolve(true), false);
    }, PAUSE_MS);
  }

  /**
   * @param {File[]} files
   * @param {boolean} [isNew] Whether the last answers are of others.
   */
  #askAll(files, isNew = true) {
    const query = { threshold: this.#threshold.chosen };
    this.#area.run(async (progress) => {
      const rows = await askMany(this.#api, this.#task, files, progress, query);
      const answer = rows.find((row) => row.answer)?.answer;
      if (answer) this.#describeThreshold(answer);
      return shownTogether(this.#task, rows);
    }, isNew);
  }

  /**
   * @param {File} file
   * @param {Promise<boolean>} shown Whether the picture is on the page already.
   * @param {boolean} [isNew] Whether the last answer is of something else.
   */
  #ask(file, shown, isNew = true) {
    const threshold = this.#threshold.chosen;
    this.#area.run(async ({ signal, report }) => {
      const onSent = (/** @type {number} */ share) =>
        report(share, share < 1 ? `Sending, ${Math.round(100 * share)} %` : "Looking at the picture");
      const { question, answer, milliseconds } = await this.#put(file, threshold, { signal, onSent });
      await this.#illustrate(file, answer, await shown, signal);
      const manifest = this.#models.manifest(this.#task.name, answer.model.version);
      this.#describeThreshold(answer);
      return {
        head: answerHead(this.#task, answer, manifest),
        foot: answerFoot(this.#task, answer, milliseconds, this.#api, question, { file: file.name }),
        spoken: spokenAnswer(answer),
      };
    }, isNew);
  }

  /**
   * Ask for the answer with its heat map or, of a model that cannot explain itself, for the answer.
   *
   * @param {File} file
   * @param {number | null} threshold
   * @param {{signal: AbortSignal, onSent: (share: number) => void}} options
   */
  async #put(file, threshold, options) {
    const common = { query: { threshold }, body: file, contentType: BYTES };
    const question = { path: `${this.#task.explained ? "explain" : "predict"}/${this.#task.name}`, ...common };
    try {
      return { question, ...(await this.#api.ask(question, options)) };
    } catch (error) {
      if (!this.#task.explained || /** @type {any} */ (error).status !== 404) throw error;
      const plain = { path: `predict/${this.#task.name}`, ...common };
      return { question: plain, ...(await this.#api.ask(plain, options)) };
    }
  }

  /**
   * Show the picture as the service read it, where the browser cannot, and the heat map over it.
   *
   * @param {File} file
   * @param {import("./answer.js").Answer} answer
   * @param {boolean} isShown
   * @param {AbortSignal} signal
   */
  async #illustrate(file, answer, isShown, signal) {
    if (!isShown && answer.heatmap) {
      const question = { path: `explain/${this.#task.name}`, query: { layer: "picture" }, accept: "image/png" };
      const { body } = await this.#api.call({ ...question, body: file, contentType: BYTES }, { signal });
      await this.#stage.showPicture(body, `The picture that you chose, as the service read it: ${file.name}`);
    } else if (!isShown) {
      this.#stage.say("This browser cannot show the file. The service can read it.");
    }
    if (!signal.aborted) this.#stage.explain(answer.heatmap ?? null, answer.label);
  }

  /** @param {import("./answer.js").Answer} answer */
  #describeThreshold({ threshold, model }) {
    if (threshold === undefined) return;
    const point = this.#models.manifest(this.#task.name, model.version)?.operating_point ?? null;
    // Where the model's figures are not known, its first answer tells its own threshold.
    if (point || this.#threshold.chosen === null) this.#threshold.describe(point?.threshold ?? threshold, point);
  }
}
