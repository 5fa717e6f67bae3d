// A text with the words marked that carried the answer.

import { element } from "./dom.js";

// As the service splits texts (app/serving/words.py): runs of letters, digits and inner apostrophes.
const WORD = /[\p{L}\p{N}]+(?:'+[\p{L}\p{N}]+)*/gu;

/** @typedef {{word: string, evidence: number}} WordEvidence */

/**
 * Return a text as nodes, each occurrence of a word marked, the stronger the deeper.
 *
 * @param {string} text
 * @param {WordEvidence[]} words The strongest first.
 */
export function markWords(text, words) {
  const evidence = new Map(words.map(({ word, evidence }) => [word, evidence / words[0].evidence]));
  const marked = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    const share = evidence.get(match[0].toLowerCase());
    if (share === undefined) continue;
    marked.append(text.slice(end, match.index), element("mark", { class: strengthOf(share) }, match[0]));
    end = match.index + match[0].length;
  }
  marked.append(text.slice(end));
  return marked;
}

/** @param {number} share Of the strongest word's evidence. */
function strengthOf(share) {
  if (share > 2 / 3) return "strongest";
  return share > 1 / 3 ? "strong" : "weak";
}
