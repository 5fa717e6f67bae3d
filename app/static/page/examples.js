// Inputs to try, made for this page: sentences, and digits as pen strokes.

/** @typedef {[number, number][]} Stroke Points from 0 to 1, from the left and from the top of the paper. */

/** @type {readonly {name: string, text: string}[]} */
export const TEXTS = [
  {
    name: "Oil",
    text:
      "Oil prices rose sharply after OPEC ministers meeting in Vienna agreed to cut output by 1.5 mln barrels per day. " +
      "Traders said crude for May delivery gained 80 cts to 18.60 dlrs a barrel, and that refiners had been buying.",
  },
  {
    name: "Earnings",
    text:
      "Shr 45 cts vs 38 cts. Net profit 12.4 mln dlrs vs 10.1 mln. Revenues 210 mln vs 188 mln. " +
      "The company said it expects higher earnings in the fourth quarter and declared a dividend of 12 cts.",
  },
  {
    name: "Grain",
    text:
      "The Agriculture Department said exporters had sold 300,000 tonnes of maize to the Soviet Union for delivery " +
      "this season. Wheat and barley shipments from Gulf ports were delayed by low water.",
  },
  {
    name: "Currencies",
    text:
      "The Bank of Japan bought dollars against the yen in Tokyo this morning, dealers said, as central banks " +
      "intervened to steady exchange rates after the currency fell below 150.",
  },
  {
    name: "Not news",
    text: "Zwei Katzen schlafen auf dem warmen Fensterbrett, während draußen der Regen leise gegen die Scheiben trommelt.",
  },
];

/** @type {readonly {name: string, strokes: Stroke[]}[]} */
export const DRAWINGS = [
  { name: "2", strokes: [[...arc(0.5, 0.34, 0.17, 0.16, -170, 40), [0.34, 0.8], [0.69, 0.79]]] },
  {
    name: "3",
    strokes: [[...arc(0.48, 0.34, 0.17, 0.15, -150, 90), ...arc(0.48, 0.65, 0.2, 0.16, -90, 150)]],
  },
  {
    name: "5",
    strokes: [
      [[0.38, 0.22], [0.36, 0.47], ...arc(0.47, 0.63, 0.2, 0.18, -110, 150)],
      [
        [0.38, 0.22],
        [0.66, 0.21],
      ],
    ],
  },
  {
    name: "7",
    strokes: [
      [
        [0.32, 0.24],
        [0.68, 0.23],
        [0.45, 0.8],
      ],
    ],
  },
  {
    name: "8",
    strokes: [[...arc(0.5, 0.35, 0.14, 0.14, 90, 450), ...arc(0.5, 0.65, 0.18, 0.16, -90, 270)]],
  },
  {
    name: "A letter",
    strokes: [
      [
        [0.3, 0.8],
        [0.5, 0.2],
        [0.7, 0.8],
      ],
      [
        [0.37, 0.58],
        [0.63, 0.58],
      ],
    ],
  },
];

/**
 * Return a part of an ellipse as points.
 *
 * @param {number} x Its centre.
 * @param {number} y
 * @param {number} width Half of it.
 * @param {number} height Half of it.
 * @param {number} from In degrees, clockwise from the right.
 * @param {number} to
 * @returns {Stroke}
 */
function arc(x, y, width, height, from, to) {
  const steps = 24;
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180;
    return [x + width * Math.cos(angle), y + height * Math.sin(angle)];
  });
}
