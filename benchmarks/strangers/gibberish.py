"""Texts that say nothing, and texts that are no prose."""

from collections.abc import Callable

import numpy as np

from benchmarks.strangers.pages import WORDS

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LOREM = """
lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna
aliqua ut enim ad minim veniam quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat duis
aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur excepteur sint
occaecat cupidatat non proident sunt in culpa qui officia deserunt mollit anim id est laborum
"""
_CODE = (
    "def {0}({1}):\n    return [{1}.{2} for {1} in self._{0} if {1} is not None]",
    "for (int {0} = 0; {0} < {1}.length; ++{0}) {{ {2}[{0}] = std::move({1}[{0}]); }}",
    'const {0} = await fetch(`/api/{1}`); console.log({0}?.{2} ?? "undefined");',
    "SELECT {0}.id, COUNT(*) FROM {0} LEFT JOIN {1} USING (id) GROUP BY {0}.{2} HAVING COUNT(*) > 1;",
    '<div class="{0}"><span id="{1}" onclick="{2}()">&nbsp;</span></div>',
    "#include <{0}.h>\nstatic inline void *{1}(struct {2} *ptr) {{ return ptr ? ptr->next : NULL; }}",
)

Write = Callable[[np.random.Generator], str]


def texts(write: Write, count: int, seed: int) -> list[str]:
    """Write so many texts of one kind."""
    rng = np.random.default_rng(seed)
    return [write(rng) for _ in range(count)]


def random_letters(rng: np.random.Generator) -> str:
    """Words of letters drawn evenly."""
    return " ".join(_word(rng, LETTERS) for _ in range(int(rng.integers(5, 80))))


def keyboard_mashing(rng: np.random.Generator) -> str:
    """Words out of one row of the keyboard each."""
    return " ".join(_word(rng, str(rng.choice(_ROWS))) for _ in range(int(rng.integers(5, 60))))


def shuffled_words(rng: np.random.Generator) -> str:
    """Common English words, four letters or more, their letters out of order."""
    long = [word for word in WORDS if len(word) >= 4]
    chosen = rng.choice(long, int(rng.integers(8, 60)))
    return " ".join("".join(rng.permutation(list(str(word)))) for word in chosen)


def random_characters(rng: np.random.Generator) -> str:
    """Any printable characters of ASCII."""
    return "".join(chr(code) for code in rng.integers(33, 127, int(rng.integers(30, 400))))


def lorem_ipsum(rng: np.random.Generator) -> str:
    """A typesetter's blind text."""
    return " ".join(str(word) for word in rng.choice(_LOREM.split(), int(rng.integers(12, 90)))).capitalize() + "."


def code(rng: np.random.Generator) -> str:
    """A few lines of several programming languages, with made-up names."""
    lines = [str(rng.choice(_CODE)) for _ in range(int(rng.integers(2, 6)))]
    return "\n".join(line.format(*(_word(rng, "aeioubcdfglmnprst") for _ in range(3))) for line in lines)


def _word(rng: np.random.Generator, letters: str) -> str:
    return "".join(rng.choice(list(letters), int(rng.integers(3, 10))))
