r"""The words of a text, as the graphs of text models split it: lower case, runs of letters and digits.

The graph's patterns, in RE2's syntax, are `[^\p{L}\p{N}']+` and `(^| )'+|'+( |$)`, both replaced by a space.
"""

import re
import unicodedata

# `\w` is Unicode's letters, numbers and, alone of the rest, the underscore.
_RUNS = re.compile(r"\w+")
_RUNS_WITH_APOSTROPHES = re.compile(r"[\w']+")
# Begun at a run's first apostrophe alone, and possessive: a long run within a word is passed once, not tried again from
# each of its apostrophes.
_OUTER_APOSTROPHES = re.compile(r"(?:^| )'+|(?<!')'++(?: |\Z)")


# The same for texts of ASCII alone: what is in no word becomes a space.
_SPACED_ASCII = "".join(c if (c := chr(code)).isalnum() or c == "'" else " " for code in range(256)).encode("latin-1")


def words_of(text: str) -> list[str]:
    """Return the words in order; an apostrophe is part of a word only between two letters or digits."""
    lowered = text.lower()
    if lowered.isascii():
        # A sixth of the patterns' time.
        runs = lowered.encode().translate(_SPACED_ASCII).decode().split()
    elif "'" in lowered:
        runs = _RUNS_WITH_APOSTROPHES.findall(lowered.replace("_", " "))
    else:
        runs = _RUNS.findall(lowered.replace("_", " "))
    if "'" not in lowered:
        return runs
    spaced = f" {' '.join(runs)} "
    if " '" not in spaced and "' " not in spaced:
        return runs
    return _OUTER_APOSTROPHES.sub(" ", spaced[1:-1]).split()


def is_number(word: str) -> bool:
    """Say whether a word has nothing but digits and other numbers, and apostrophes."""
    # Decimal digits are the most of them, and one call tells.
    return word.isdecimal() or all(letter == "'" or unicodedata.category(letter).startswith("N") for letter in word)
