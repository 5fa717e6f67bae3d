// Labels in words. Reuters' codes are those of the Reuters-21578 collection, spelled out after its category list.

/** @type {Record<string, string>} */
const WORDS = {
  NORMAL: "Normal",
  PNEUMONIA: "Pneumonia",
  cat: "Cat",
  dog: "Dog",
  acq: "Mergers and acquisitions",
  alum: "Aluminium",
  bop: "Balance of payments",
  carcass: "Meat",
  cocoa: "Cocoa",
  coffee: "Coffee",
  copper: "Copper",
  cotton: "Cotton",
  cpi: "Consumer prices",
  crude: "Crude oil",
  dlr: "US dollar",
  earn: "Company earnings",
  gas: "Petrol",
  gnp: "National product",
  gold: "Gold",
  grain: "Grain",
  heat: "Heating oil",
  hog: "Hogs",
  housing: "Housing starts",
  interest: "Interest rates",
  ipi: "Industrial production",
  "iron-steel": "Iron and steel",
  jobs: "Jobs",
  lead: "Lead",
  lei: "Leading economic indicators",
  livestock: "Livestock",
  "meal-feed": "Meal and feed",
  "money-fx": "Foreign exchange",
  "money-supply": "Money supply",
  "nat-gas": "Natural gas",
  oilseed: "Oilseeds",
  orange: "Oranges",
  "pet-chem": "Petrochemicals",
  reserves: "Currency reserves",
  retail: "Retail sales",
  rubber: "Rubber",
  ship: "Shipping",
  silver: "Silver",
  "strategic-metal": "Strategic metals",
  sugar: "Sugar",
  tin: "Tin",
  trade: "Trade",
  "veg-oil": "Vegetable oil",
  wheat: "Wheat",
  wpi: "Wholesale prices",
  zinc: "Zinc",
};

/**
 * Return a label in words, or itself where there are none.
 *
 * @param {string} label
 */
export function inWords(label) {
  return Object.hasOwn(WORDS, label) ? WORDS[label] : label;
}
