// Files dropped anywhere on the page, or pasted. Without this a browser would leave the page to show them.

/** @param {(files: File[]) => void} onFiles */
export function receiveFiles(onFiles) {
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dragging");
    if (!hasFiles(event)) return;
    event.preventDefault();
    receive(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    // Spreadsheets and word processors put a picture of a text beside it: a field gets the text.
    const isText = event.clipboardData?.types.includes("text/plain") && takesText(event.target);
    if (!isText && receive(event.clipboardData)) event.preventDefault();
  });

  /** @param {DataTransfer | null} transfer */
  function receive(transfer) {
    const files = [...(transfer?.files ?? [])];
    if (files.length) onFiles(files);
    return files.length > 0;
  }
}

/** @param {EventTarget | null} target */
function takesText(target) {
  return target instanceof Element && target.matches("textarea, input:not([type=file], [type=range])");
}
