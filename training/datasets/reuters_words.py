"""The words of a text as the word index of Keras' Reuters data was made from them."""

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_FILTERS_TO_SPACE = str.maketrans(dict.fromkeys(_FILTERS, " "))


def tokenise(text: str) -> list[str]:
    """Return the lower-case words of a text.

    This is Keras' `text_to_word_sequence` with its default filters: punctuation other than the apostrophe
    separates words, and so do the space, the tab and the line feed, but no other white space.
    """
    return [word for word in text.lower().translate(_FILTERS_TO_SPACE).split(" ") if word]
