// The command line that asks what the page has asked.

import { addressOf } from "./api.js";
import { element, fill } from "./dom.js";

/**
 * Write a call as a curl command for a POSIX shell.
 *
 * @param {import("./api.js").Question} question
 * @param {{file: string} | {text: string}} input
 * @param {boolean} withKey
 */
export function curlLine(question, input, withKey) {
  const address = new URL(addressOf(question), document.baseURI).href;
  return [
    "curl",
    withKey ? '-H "X-API-Key: $QUARTET_KEY"' : "",
    question.path.startsWith("explain/") && "file" in input ? "-H 'Accept: application/json'" : "",
    "file" in input ? `-F ${quoted(`file=@${formName(input.file)}`)}` : `--json ${quoted(JSON.stringify(input))}`,
    quoted(address),
  ]
    .filter(Boolean)
    .join(" ");
}

/**
 * Return a command to read, with a button that copies it.
 *
 * @param {string} line
 */
export function commandBlock(line) {
  const button = element("button", { type: "button", class: "quiet" }, "Copy");
  const code = element("code", {}, line);
  button.addEventListener("click", async () => {
    fill(button, (await copied(line, code)) ? "Copied" : "Press Ctrl+C");
    setTimeout(() => fill(button, "Copy"), 2000);
  });
  return element(
    "details",
    { class: "command" },
    element("summary", {}, "The same with curl"),
    element(
      "div",
      { class: "code" },
      element("pre", { tabindex: 0, role: "group", "aria-label": "Command" }, code),
      button,
    ),
  );
}

/** @param {string} word */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * curl's -F takes `;` and `,` in a name for its own, unless the name is quoted.
 *
 * @param {string} name
 */
function formName(name) {
  return /[;,"\\]/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name;
}

/**
 * Copy text, or select it where the page may not: clipboards are for pages over TLS and on localhost.
 *
 * @param {string} text
 * @param {HTMLElement} source
 */
async function copied(text, source) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return false;
  }
}
