// The Markdown of model cards as elements: headings, paragraphs, lists, tables, quotes, pictures, code and bold.

import { element } from "./dom.js";

/** @typedef {(source: string, text: string) => Node} PictureMaker */

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*/g;
const PICTURE = /^!\[([^\]]*)\]\(([^)]+)\)$/;

/**
 * Return a document's blocks.
 *
 * @param {string} text
 * @param {PictureMaker} picture Makes a picture of its address and its text.
 * @returns {Node[]}
 */
export function renderMarkdown(text, picture) {
  return text
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter(Boolean)
    .map((block) => renderBlock(block, picture));
}

/**
 * @param {string} block
 * @param {PictureMaker} picture
 * @returns {Node}
 */
function renderBlock(block, picture) {
  const heading = /^(#{1,3}) (.+)$/.exec(block);
  if (heading)
    return element(/** @type {"h2" | "h3" | "h4"} */ (`h${heading[1].length + 1}`), {}, ...inline(heading[2]));
  const image = PICTURE.exec(block);
  if (image) return picture(image[2], image[1]);
  if (block.startsWith("> ")) return element("blockquote", {}, ...inline(block.replace(/^> ?/gm, "")));
  if (block.startsWith("|")) return table(block.split("\n").map(cellsOf));
  if (block.startsWith("- ")) {
    const items = block.slice(2).split(/\n- /);
    return element("ul", {}, ...items.map((item) => element("li", {}, ...inline(item))));
  }
  return element("p", {}, ...inline(block));
}

/** @param {string[][]} rows A table's, the second of which only underlines the first. */
function table([head, , ...body]) {
  const isNamed = head.some(Boolean);
  const top = element("tr", {}, ...head.map((cell) => element("th", { scope: "col" }, ...inline(cell))));
  const rows = body.map(([name, ...values]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, ...inline(name)),
      ...values.map((cell) => element("td", {}, ...inline(cell))),
    ),
  );
  return element(
    "div",
    { class: "wide", tabindex: 0, role: "group", "aria-label": isNamed ? `Table: ${head.join(", ")}` : "Table" },
    element("table", {}, isNamed && element("thead", {}, top), element("tbody", {}, ...rows)),
  );
}

/** @param {string} row */
function cellsOf(row) {
  return row
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function inline(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(end, match.index));
    parts.push(match[1] ? element("code", {}, match[1]) : element("strong", {}, ...inline(match[2])));
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
}
