r"""The words of a text, as the graphs of text models split it: lower case, runs of letters and digits.

The graph's patterns, in RE2's syntax, are `[^\p{L}\p{N}']+` and `(^| )'+|'+( |$)`, both replaced by a space.
"""

import re
import unicodedata

# `\w` is Unicode's letters, numbers and, alone of the rest, the underscore.
_RUNS = re.compile(r"\w+")
_RUNS_WITH_APOSTROPHES = re.compile(r"[\w']+")
_OUTER_APOSTROPHES = re.compile(r"(?:^| )'+|'+(?: |\Z)")


def words_of(text: str) -> list[str]:
    """Return the words in order; an apostrophe is part of a word only between two letters or digits."""
    lowered = text.lower().replace("_", " ")
    if "'" not in lowered:
        return _RUNS.findall(lowered)
    return _OUTER_APOSTROPHES.sub(" ", " ".join(_RUNS_WITH_APOSTROPHES.findall(lowered))).split()


def is_number(word: str) -> bool:
    """Say whether a word has nothing but digits and other numbers, and apostrophes."""
    return all(letter == "'" or unicodedata.category(letter).startswith("N") for letter in word)
