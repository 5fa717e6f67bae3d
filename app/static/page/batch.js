// Many files at once: a table that fills as answers come, and the same as CSV.

import { element, fill } from "./dom.js";
import { inWords } from "./labels.js";
import { percent } from "./numbers.js";

// Of one request: small enough that the first answers come soon and that no service refuses it for its size alone.
const MOST_FILES = 16;
const MOST_BYTES = 8e6;

/** @typedef {{file: File, answer?: import("./answer.js").Answer, error?: string}} Row */

/**
 * Ask about many files.
 *
 * @param {import("./api.js").Api} api
 * @param {import("./tasks.js").Task} task
 * @param {File[]} files
 * @param {import("./answer-area.js").Progress} progress
 * @param {import("./api.js").Question["query"]} [query]
 * @returns {Promise<Row[]>}
 */
export async function askMany(api, task, files, { signal, report }, query) {
  /** @type {Row[]} */
  const rows = files.map((file) => ({ file }));
  let done = 0;
  for (const chunk of chunksOf(rows)) {
    report(done / rows.length, `${done} of ${rows.length} answered`);
    await askChunk(api, task, chunk, signal, query);
    done += chunk.length;
  }
  return rows;
}

/**
 * Return what is shown of many answers.
 *
 * @param {import("./tasks.js").Task} task
 * @param {Row[]} rows
 * @returns {import("./answer-area.js").Shown}
 */
export function shownTogether(task, rows) {
  const failed = rows.filter((row) => row.error).length;
  const summary = `${rows.length - failed} of ${rows.length} files answered.`;
  return { head: [tableOf(rows, summary)], foot: [downloadOf(rows, task)], spoken: summary };
}

/**
 * Put answers or errors into a chunk's rows. A chunk that is refused as a whole does not end the others.
 *
 * @param {import("./api.js").Api} api
 * @param {import("./tasks.js").Task} task
 * @param {Row[]} chunk
 * @param {AbortSignal} signal
 * @param {import("./api.js").Question["query"]} query
 */
async function askChunk(api, task, chunk, signal, query) {
  const body = new FormData();
  for (const { file } of chunk) body.append("files", file);
  try {
    const { answer } = await api.ask({ path: `predict/${task.name}/batch`, query, body }, { signal });
    chunk.forEach((row, index) => {
      if ("label" in answer[index]) row.answer = answer[index];
      else row.error = answer[index].detail;
    });
  } catch (error) {
    const { name, status, message } = /** @type {Error & {status?: number}} */ (error);
    if (name === "AbortError" || status === 401) throw error;
    for (const row of chunk) row.error = message;
  }
}

/**
 * @param {Row[]} rows
 * @returns {Row[][]}
 */
function chunksOf(rows) {
  /** @type {Row[][]} */
  const chunks = [];
  let bytes = Infinity;
  for (const row of rows) {
    bytes += row.file.size;
    if (bytes > MOST_BYTES || chunks[chunks.length - 1].length === MOST_FILES) {
      chunks.push([]);
      bytes = row.file.size;
    }
    chunks[chunks.length - 1].push(row);
  }
  return chunks;
}

/**
 * @param {Row[]} rows
 * @param {string} summary
 */
function tableOf(rows, summary) {
  const heads = ["File", "Answer", "Probability", "Like its training data"];
  return element(
    "div",
    { class: "wide", tabindex: 0, role: "group", "aria-label": "Table" },
    element(
      "table",
      { class: "batch" },
      element("caption", {}, summary),
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows.map(tableRow)),
    ),
  );
}

/** @param {Row} row */
function tableRow({ file, answer, error }) {
  const name = element("th", { scope: "row" }, file.name);
  if (!answer) return element("tr", {}, name, element("td", { colspan: 3, class: "error-text" }, error));
  return element(
    "tr",
    {},
    name,
    element("td", {}, inWords(answer.label)),
    element("td", {}, percent(answer.probability)),
    element("td", { class: answer.in_distribution ? null : "doubt" }, answer.in_distribution ? "yes" : "no"),
  );
}

/**
 * @param {Row[]} rows
 * @param {import("./tasks.js").Task} task
 */
function downloadOf(rows, task) {
  const button = element("button", { type: "button", class: "quiet" }, "Download as CSV");
  button.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([csvOf(rows)], { type: "text/csv" }));
    element("a", { href: address, download: `${task.name}.csv` }).click();
    // The download has begun by then.
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
  const box = element("p", {});
  fill(box, button);
  return box;
}

/** @param {Row[]} rows */
function csvOf(rows) {
  const names = /** @type {const} */ ([
    "label",
    "probability",
    "positive",
    "threshold",
    "in_distribution",
    "ood_score",
  ]);
  const lines = rows.map(({ file, answer, error }) => [
    file.name,
    ...names.map((name) => answer?.[name]),
    answer?.model.version,
    error,
  ]);
  const head = ["file", ...names, "model_version", "error"];
  return [head, ...lines].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

/**
 * Write a cell as RFC 4180 has it. A file name that begins as a formula does would be one to a spreadsheet.
 *
 * @param {unknown} value
 */
function cell(value) {
  const text = value === undefined || value === null ? "" : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
