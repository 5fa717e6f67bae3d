// A heat map's cells as a picture to lie over another, with the colours that the service's own PNG has
// (app/drawing/colours.py, app/drawing/smoothing.py).

const FOR = [202, 0, 32];
const AGAINST = [5, 113, 176];
const LONGEST_SIDE = 320;

// In logits, the least evidence that is drawn at full colour: a map of next to nothing is drawn faint.
const LEAST_SCALE = 1;

/**
 * Draw evidence, red for and blue against, the more opaque the stronger.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} cells Rows from the top, in logits.
 * @param {number} aspect The picture's width by its height.
 */
export function drawHeatmap(canvas, cells, aspect) {
  canvas.width = Math.max(1, Math.round(Math.min(LONGEST_SIDE, LONGEST_SIDE * aspect)));
  canvas.height = Math.max(1, Math.round(Math.min(LONGEST_SIDE, LONGEST_SIDE / aspect)));
  const context = canvas.getContext("2d");
  if (!context) return;
  const evidence = enlarge(cells, canvas.height, canvas.width);
  const scale = evidence.reduce((most, value) => Math.max(most, Math.abs(value)), LEAST_SCALE);
  const image = context.createImageData(canvas.width, canvas.height);
  evidence.forEach((value, pixel) => {
    image.data.set([...(value > 0 ? FOR : AGAINST), (255 * Math.abs(value)) / scale], 4 * pixel);
  });
  context.putImageData(image, 0, 0);
}

const PLACES = [
  ["in the upper left", "at the top", "in the upper right"],
  ["on the left", "in the middle", "on the right"],
  ["in the lower left", "at the bottom", "in the lower right"],
];

/**
 * Say in words where the strongest evidence for the answer lies; null where nothing speaks for it.
 *
 * @param {number[][]} cells
 */
export function strongestPlace(cells) {
  const most = Math.max(...cells.flat());
  if (most <= 0) return null;
  const row = cells.findIndex((one) => one.includes(most));
  const column = cells[row].indexOf(most);
  return PLACES[third(row, cells.length)][third(column, cells[row].length)];
}

/**
 * Enlarge cells, each spread by the quadratic B-spline, whose weights are smooth and invent no extremes.
 *
 * @param {number[][]} cells
 * @param {number} height
 * @param {number} width
 * @returns {Float32Array} Rows from the top, one after the other.
 */
function enlarge(cells, height, width) {
  const across = weights(cells[0].length, width);
  const down = weights(cells.length, height);
  const wide = cells.map((row) => across.map((share) => dot(share, row)));
  const columns = Array.from({ length: width }, (_, x) => wide.map((row) => row[x]));
  const result = new Float32Array(height * width);
  down.forEach((share, y) => columns.forEach((column, x) => (result[y * width + x] = dot(share, column))));
  return result;
}

/**
 * Return the share of each cell in each pixel along one side.
 *
 * @param {number} cells
 * @param {number} pixels
 * @returns {number[][]}
 */
function weights(cells, pixels) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const centre = ((pixel + 0.5) * cells) / pixels;
    const shares = Array.from({ length: cells }, (_, cell) => {
      const distance = Math.abs(centre - (cell + 0.5));
      return distance < 0.5 ? 0.75 - distance ** 2 : 0.5 * Math.max(1.5 - distance, 0) ** 2;
    });
    const sum = shares.reduce((total, share) => total + share);
    return shares.map((share) => share / sum);
  });
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function dot(one, other) {
  return one.reduce((total, value, index) => total + value * other[index], 0);
}

/**
 * Return which third of a side a cell's middle lies in: 0, 1 or 2.
 *
 * @param {number} index
 * @param {number} length
 */
function third(index, length) {
  return Math.floor((3 * (index + 0.5)) / length);
}
