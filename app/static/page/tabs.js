// Tabs after the ARIA Authoring Practices: arrows move between them, and the address names the open one.

import { element, fill } from "./dom.js";

/**
 * @typedef {Object} Tab
 * @property {string} name
 * @property {string} text
 * @property {HTMLElement} panel
 */

/**
 * Fill a tab list and open the tab that the address names.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement} panels
 * @param {Tab[]} tabs
 * @param {(name: string) => void} onOpen
 */
export function showTabs(list, panels, tabs, onOpen) {
  const buttons = tabs.map(({ name, text, panel }) => {
    panel.id = `panel-${name}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    const attributes = { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": panel.id };
    return element("button", { ...attributes, onclick: () => open(name) }, text);
  });
  let current = tabs[0].name;
  const open = (/** @type {string} */ name) => {
    current = name;
    tabs.forEach((tab, index) => {
      const isOpen = tab.name === name;
      tab.panel.hidden = !isOpen;
      buttons[index].setAttribute("aria-selected", String(isOpen));
      buttons[index].tabIndex = isOpen ? 0 : -1;
    });
    history.replaceState(null, "", `#${name}`);
    onOpen(name);
  };
  list.addEventListener("keydown", (event) => {
    const index = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const next = nextIndex(event.key, index, buttons.length);
    if (next === null) return;
    event.preventDefault();
    open(tabs[next].name);
    buttons[next].focus();
  });
  fill(list, ...buttons);
  fill(panels, ...tabs.map((tab) => tab.panel));
  // The link that skips the tabs leads to an address that names none: the open one stays, and its name comes back.
  const openNamed = () => open(tabs.find(({ name }) => name === location.hash.slice(1))?.name ?? current);
  addEventListener("hashchange", openNamed);
  openNamed();
}

/**
 * @param {string} key
 * @param {number} current
 * @param {number} count
 */
function nextIndex(key, current, count) {
  if (key === "ArrowRight") return (current + 1) % count;
  if (key === "ArrowLeft") return (current + count - 1) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}
