// What the service says of its models: versions, labels, thresholds.

/** @typedef {import("./api.js").Api} Api */

export class Models {
  /** @type {Map<string, any>} */
  #tasks = new Map();

  /** @param {Api} api */
  async load(api) {
    const { answer } = await api.ask({ path: "models" });
    this.#tasks = new Map(answer.map((/** @type {any} */ task) => [task.task, task]));
  }

  /**
   * Return why a task cannot be answered, or null if it can or nothing is known.
   *
   * @param {string} task
   * @returns {string | null}
   */
  reasonAgainst(task) {
    const known = this.#tasks.get(task);
    return known && known.state !== "available" ? (known.reason ?? "It has no model.") : null;
  }

  /**
   * Return the manifest of a version, or null if it is not known here.
   *
   * @param {string} task
   * @param {number} version
   */
  manifest(task, version) {
    const versions = this.#tasks.get(task)?.versions ?? [];
    return versions.find((/** @type {any} */ one) => one.version === version)?.manifest ?? null;
  }
}
