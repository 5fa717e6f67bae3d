// The tasks as this page shows them.

/**
 * @typedef {Object} Task
 * @property {string} name As in the API's paths.
 * @property {string} tab
 * @property {string} title The question.
 * @property {string} lead
 * @property {"picture" | "drawing" | "text"} input
 * @property {boolean} explained Whether `/explain` has the task.
 * @property {string} stranger What the warning says of an input unlike those that the model knows.
 * @property {string} [accept] Of the file dialog; DICOM files often have names that no filter lets through.
 * @property {[string, string]} [disclaimer] What must be said, and what follows from it.
 */

/** @type {readonly Task[]} */
export const TASKS = [
  {
    name: "pneumonia",
    tab: "X-ray",
    title: "Does this chest X-ray show pneumonia?",
    lead: "A front view of the chest, as DICOM or as a picture of any size.",
    input: "picture",
    explained: true,
    stranger: "The model knows front views of small children’s chests and nothing else.",
    disclaimer: ["For study only, not a medical device.", "Use it for no diagnosis and no decision about a patient."],
  },
  {
    name: "catdog",
    tab: "Cat or dog",
    title: "Cat or dog?",
    lead: "A photo of one cat or one dog, of any size.",
    input: "picture",
    explained: true,
    stranger: "The model knows photos of cats and dogs and nothing else.",
    accept: "image/*",
  },
  {
    name: "digit",
    tab: "Digit",
    title: "Which digit is this?",
    lead: "Draw one digit, or choose a photo of one on paper.",
    input: "drawing",
    explained: false,
    stranger: "The model knows single handwritten digits and nothing else.",
    accept: "image/*",
  },
  {
    name: "topic",
    tab: "Topic",
    title: "What is this news about?",
    lead: "An English business story, or its headline. The model sorts it into one of 46 topics of the Reuters newswire.",
    input: "text",
    explained: true,
    stranger: "The model knows English business news of 1987 and nothing else.",
    accept: ".txt,text/plain",
  },
];
