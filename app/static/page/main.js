// The page put together.

import { Api } from "./api.js";
import { element, fill } from "./dom.js";
import { receiveFiles } from "./dropping.js";
import { askForKeys } from "./key.js";
import { Models } from "./models.js";
import { PicturePanel } from "./picture-panel.js";
import { showTabs } from "./tabs.js";
import { TASKS } from "./tasks.js";
import { TextPanel } from "./text-panel.js";

const api = new Api();
const models = new Models();
const announcer = byId("announcer");
const announce = (/** @type {string} */ text) => fill(announcer, text);

const pages = TASKS.map((task) => {
  const Panel = task.input === "text" ? TextPanel : PicturePanel;
  const panel = new Panel(task, api, models, announce);
  const unavailable = element("p", { class: "notice", hidden: true });
  const view = element(
    "section",
    {},
    element(
      "div",
      { class: "question" },
      element("h2", {}, task.title),
      element("p", {}, task.lead),
      task.disclaimer
        ? element("p", { class: "disclaimer" }, element("strong", {}, task.disclaimer[0]), ` ${task.disclaimer[1]}`)
        : null,
      unavailable,
    ),
    element("div", { class: "columns" }, panel.input, panel.output, panel.more),
  );
  return { task, panel, view, unavailable };
});

let open = pages[0];
const tabs = pages.map(({ task, view }) => ({ name: task.name, text: task.tab, panel: view }));
askForKeys(api, () => {
  loadModels();
  open.panel.again();
});
showTabs(byId("tabs"), byId("panels"), tabs, (name) => {
  open = pages.find(({ task }) => task.name === name) ?? open;
});
receiveFiles((files) => open.panel.receive(files));
loadModels();

/** Learn what the models are. Nothing waits for it: answers come without. */
async function loadModels() {
  try {
    await models.load(api);
  } catch {
    // Asking says what is wrong, a missing key shows its field.
    return;
  }
  for (const { task, unavailable } of pages) {
    const reason = models.reasonAgainst(task.name);
    unavailable.hidden = reason === null;
    fill(unavailable, reason && `This cannot be answered at the moment. ${reason}`);
  }
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
