"""What the first four tasks' model cards say of the data's origin, the model's use and its limits."""

from training.card import CardText

TOPIC = CardText(
    intended_use=(
        "Sorting English business news, or text much like it, into the 46 topics of Reuters-21578; teaching "
        "and comparing text classifiers."
    ),
    not_for=(
        "text in other languages, opinions, chat or web pages; finding every topic of a text; any decision "
        "about a person or a trade that nobody checks."
    ),
    factors=(
        "How frequent a topic is: two of them, earnings (`earn`) and acquisitions (`acq`), make up 57 % of "
        "the texts, the rarest have a dozen each. How long a text is: some are a headline only. How many "
        "topics it has: one text in six has several, and only the first is the right answer here."
    ),
    data=(
        "Reuters-21578, Distribution 1.0 (D. Lewis): articles of the Reuters newswire of 1987, indexed by "
        "hand. Used are the 11,228 texts and 46 topics that Keras' Reuters data set has; a text's label is "
        "the first topic listed for it. About 9 % of the texts are a title without a body."
    ),
    licence=(
        "The texts are copyright Reuters Ltd, which allows their free distribution for research purposes "
        "only. No text is part of this model, but its vocabulary and weights were learned from them."
    ),
    trained_on="The training part, 8,982 texts, less those held out for validation.",
    not_trained_on="The other 2,246 of the 11,228 texts. Exact copies stay on one side of the split.",
    known_failures=(
        "A topic with few training texts is often missed: see its recall, and how wide the interval is.",
        "Topics that occur together are confused: `grain` and `wheat`, `money-fx` and `interest` or `dlr`, "
        "`crude` and `nat-gas` or `ship`. Answering the second topic of a text counts as wrong.",
        "The vocabulary is that of 1987. Names, currencies and events since then are unknown to it.",
        "Any text gets one of the 46 topics, a recipe or a poem too. Look at `in_distribution` and at the probability.",
    ),
    caution=(
        "The topics are those that mattered to traders in 1987 and say little of other news. News names "
        "people and companies; the model keeps no text that it is asked about."
    ),
)

DIGIT = CardText(
    intended_use=(
        "Reading one handwritten digit in a drawing, a scan or a photo of paper, dark on light or light on "
        "dark; teaching and comparing image classifiers."
    ),
    not_for=(
        "numbers of several digits, printed digits, letters or other signs; reading forms, cheques or doses unchecked."
    ),
    factors=(
        "The hand: how digits are formed differs between countries and schools. The picture: the digit must "
        "stand out from an even background. How thick the stroke is compared with the digit."
    ),
    data=(
        "MNIST (LeCun, Cortes and Burges): 28 x 28 pictures of digits written in the United States by "
        "employees of the Census Bureau and by high-school students, scaled into a 20 x 20 box and centred "
        "by mass. Pictures sent to the service are brought to the same form."
    ),
    licence="Creative Commons Attribution-Share Alike 3.0.",
    trained_on="MNIST's training part, 60,000 digits, less those held out for validation.",
    not_trained_on="MNIST's test part, 10,000 digits, which other people wrote.",
    known_failures=(
        "The training part does not say who wrote a digit, so one person's digits are on both sides of the "
        "validation split, and its figures may flatter the model.",
        "Forms common elsewhere and rare in MNIST may be misread: a 1 with a long upstroke as 7, a 7 with a "
        "bar, an open 4 as 9.",
        "A digit cut by the border, two digits, ruled paper or a shadow across the digit spoil the "
        "normalisation, and with it the answer.",
        "Any picture gets one of ten digits, a letter too. Look at `in_distribution` and at the probability.",
    ),
    caution="A misread digit in an amount, an address or a dose does harm: have a person check what matters.",
)

CATDOG = CardText(
    intended_use=("Telling cats from dogs in photos that show one of them; teaching and comparing image classifiers."),
    not_for="other animals, breeds, several animals in one photo, drawings; finding where the animal is.",
    factors=(
        "How large the animal is in the photo and how much of it is seen; light and blur; young animals and "
        "breeds that look alike; cages and people in the picture, which are frequent in the data."
    ),
    data=(
        "Photos of Asirra (Elson, Douceur, Howell and Saul 2007; Microsoft Research with Petfinder.com), as "
        "published for Kaggle's Dogs vs. Cats: animals waiting for adoption in shelters, mostly in the "
        "United States, taken by many people with many cameras. Photos are squashed to the model's square "
        "input, in training as in use."
    ),
    licence=(
        "Microsoft and Petfinder.com published the photos for research; no open licence is stated. No photo "
        "is part of this model. Weights that a recipe starts from are trained on ImageNet and published "
        "under Apache 2.0 (EfficientNet-Lite) or CC BY 4.0 (VGG16)."
    ),
    trained_on=(
        "The photos that the digest below stands for, less those held out for validation. Recipes that start "
        "from ImageNet weights build on a network that has seen some 120 breeds of dog and five kinds of "
        "domestic cat."
    ),
    not_trained_on=("Any other photo of Dogs vs. Cats. Exact copies stay on one side of the split."),
    known_failures=(
        "A few photos of the collection show neither animal, both, or carry the wrong label; they limit "
        "what can be reached, and what is measured.",
        "A photo with a cat and a dog gets one answer.",
        "An animal that is small, dark or half hidden is judged by what surrounds it.",
        "Any picture gets an answer, a rabbit or a car too. Look at `in_distribution` and at the probability.",
    ),
    caution="Photos may show people and homes. The service keeps none of the photos that it is asked about.",
)

PNEUMONIA = CardText(
    intended_use=(
        "Research and teaching: how well a network tells normal chest X-rays of small children from those "
        "with pneumonia, and where it fails."
    ),
    not_for=(
        "diagnosis, triage or any clinical decision. **This is not a medical device.** It has been tested "
        "on no patient and approved by nobody. Nor for adults, for side views or CT, or for finding any "
        "other disease."
    ),
    factors=(
        "Age: the data has children of one to five years only. The hospital, its machines and how it "
        "prepares pictures: the data has one. Projection: front views. Cause: bacterial and viral pneumonia "
        "are one class here. How frequent pneumonia is: three in four here, far fewer among patients, where "
        "most alarms would be false."
    ),
    data=(
        "Chest X-rays, front view, of children aged one to five at Guangzhou Women and Children's Medical "
        "Center (Kermany et al. 2018, doi:10.17632/rscbjbr9sj), taken in routine care, checked for quality "
        "and graded by two physicians, as published on Kaggle (chest-xray-pneumonia). Pictures are squashed "
        "to the model's square input without keeping their aspect, in training as in use."
    ),
    licence=(
        "Creative Commons Attribution 4.0: Kermany, Zhang and Goldbaum 2018. Weights that a recipe starts "
        "from are trained on ImageNet and published under Apache 2.0 (EfficientNet-Lite)."
    ),
    trained_on=(
        "The collection's `train` folder (and the 16 pictures of `val`, where the copy has them), less "
        "those held out for validation. Pictures whose names give the same patient or study number, and "
        "exact copies, stay on one side."
    ),
    not_trained_on="The collection's `test` folder, 624 pictures. It was used for no choice.",
    known_failures=(
        "Expect less on the collection's own `test` folder, and less still on pictures from elsewhere: "
        "networks learn the marks of a hospital and a machine along with the disease (Zech et al. 2018, "
        "doi:10.1371/journal.pmed.1002683).",
        "Of the 202 patient numbers in the names of the `test` folder, 170 occur in `train` too. Whether "
        "they are the same patients is not published, so nobody can claim that the two are independent.",
        "Normal pictures and those with pneumonia differ in more than disease: as published, the normal ones "
        "tend to be larger and less wide. What the network looks at may be such a trace, a tube or a letter.",
        "A patient's or study's number is known from the file name alone; a child under two numbers is on both sides.",
        "A phone photo of a screen, a cropped or rotated picture, or an adult's X-ray gets an answer all "
        "the same. Look at `in_distribution`; it does not catch every such picture.",
        "The probability is calibrated for three in four having pneumonia, and is too high where it is rarer.",
    ),
    caution=(
        "A missed pneumonia can cost a child's life, a false alarm means needless antibiotics and "
        "radiation. Neither has been weighed here against the benefit by anyone competent to do so. The "
        "pictures are of real children, published without names; keep pictures that you send as "
        "confidential as any patient's."
    ),
)
