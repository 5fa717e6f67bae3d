// One answer, in words and bars.

import { barList } from "./bars.js";
import { openCard } from "./card.js";
import { commandBlock, curlLine } from "./curl.js";
import { element } from "./dom.js";
import { inWords } from "./labels.js";
import { duration, percent } from "./numbers.js";

/**
 * @typedef {Object} Answer As the API gives it.
 * @property {string} label
 * @property {number} probability
 * @property {Record<string, number>} probabilities
 * @property {boolean} in_distribution
 * @property {number} ood_score
 * @property {{version: number}} model
 * @property {string} request_id
 * @property {boolean} [positive]
 * @property {number} [threshold]
 * @property {number[][]} [heatmap]
 * @property {import("./words.js").WordEvidence[]} [words]
 */

/** @typedef {import("./tasks.js").Task} Task */

/**
 * Return an answer's label, its probabilities and, where it is not to be relied on, the warning.
 *
 * @param {Task} task
 * @param {Answer} answer
 * @param {any} manifest Of the model that answered, or null.
 * @returns {HTMLElement[]}
 */
export function answerHead(task, answer, manifest) {
  const verdict = element(
    "div",
    { class: answer.in_distribution ? "verdict" : "verdict doubtful" },
    element("p", { class: "label" }, inWords(answer.label)),
    element("p", { class: "probability" }, percent(answer.probability)),
  );
  const bars = element(
    "div",
    { class: "probabilities" },
    element("h3", { class: "small" }, "Calibrated probabilities"),
    barList(barsOf(answer), "Probabilities"),
  );
  const parts = [verdict, bars];
  if (answer.positive !== undefined) parts.splice(1, 0, decision(answer));
  if (!answer.in_distribution) parts.unshift(warning(task, answer, manifest));
  return parts;
}

/**
 * Return what an answer came from: the model, the time, the command line.
 *
 * @param {Task} task
 * @param {Answer} answer
 * @param {number} milliseconds
 * @param {import("./api.js").Api} api
 * @param {import("./api.js").Question} question
 * @param {{file: string} | {text: string}} input
 */
export function answerFoot(task, answer, milliseconds, api, question, input) {
  const card = element(
    "button",
    { type: "button", class: "link", onclick: () => openCard(api, task.name) },
    `${task.name}, version ${answer.model.version}`,
  );
  return [
    element(
      "dl",
      { class: "facts" },
      element("div", {}, element("dt", {}, "Model"), element("dd", {}, card)),
      element("div", {}, element("dt", {}, "Took"), element("dd", {}, duration(milliseconds))),
      element("div", {}, element("dt", {}, "Request"), element("dd", { class: "code-like" }, answer.request_id)),
    ),
    commandBlock(curlLine(question, input, api.hasKey)),
  ];
}

/**
 * Say an answer in a sentence.
 *
 * @param {Answer} answer
 */
export function spokenAnswer(answer) {
  const doubt = answer.in_distribution
    ? ""
    : " Warning: the input is unlike what the model knows. Do not rely on this.";
  return `${inWords(answer.label)}, ${percent(answer.probability)}.${doubt}`;
}

/** @param {Answer} answer */
function barsOf(answer) {
  return Object.entries(answer.probabilities).map(([label, probability]) => ({
    name: inWords(label),
    share: probability,
    value: percent(probability),
    strong: label === answer.label,
    mark: label === positiveLabel(answer) ? answer.threshold : null,
  }));
}

/** @param {Answer} answer */
function positiveLabel(answer) {
  if (answer.positive === undefined) return null;
  if (answer.positive) return answer.label;
  return Object.keys(answer.probabilities).find((label) => label !== answer.label) ?? null;
}

/** @param {Answer} answer */
function decision(answer) {
  const label = positiveLabel(answer) ?? "";
  const reaches = answer.positive ? "reaches" : "is below";
  return element(
    "p",
    { class: "decision" },
    element("strong", {}, answer.positive ? "Positive." : "Negative."),
    ` The probability of ${inWords(label).toLowerCase()}, ${percent(answer.probabilities[label])}, ${reaches} the ` +
      `threshold of ${percent(answer.threshold ?? 0)}.`,
  );
}

/**
 * @param {Task} task
 * @param {Answer} answer
 * @param {any} manifest
 */
function warning(task, answer, manifest) {
  const limit = manifest?.ood ? `, where the model’s limit is ${manifest.ood.threshold.toFixed(2)}` : "";
  return element(
    "div",
    { class: "warning" },
    element("h3", {}, "Do not rely on this answer"),
    element("p", {}, `This is unlike what the model was trained on. ${task.stranger} It answers all the same.`),
    element("p", { class: "small" }, `Its distance from them is ${answer.ood_score.toFixed(2)}${limit}.`),
  );
}
