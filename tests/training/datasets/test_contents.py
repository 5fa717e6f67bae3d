from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.base import Example
from training.datasets.contents import content_digest, dataset_digest, unite_copies

A, B = (Example(name, name.upper(), name, f"text {name}") for name in "ab")


def test_the_digest_does_not_depend_on_order():
    assert dataset_digest([A, B]) == dataset_digest([B, A])


def test_the_digest_depends_on_names_labels_and_contents():
    changed = [replace(A, name="c"), replace(A, label="B"), replace(A, payload="text c")]
    assert len({dataset_digest([example, B]) for example in (A, *changed)}) == 4


def test_the_digest_does_not_depend_on_where_the_files_lie(tmp_path: Path, draw):
    here, there = draw(tmp_path / "here/1.png"), draw(tmp_path / "there/1.png")
    assert dataset_digest([replace(A, payload=here)]) == dataset_digest([replace(A, payload=there)])


def test_pixels_of_another_shape_are_other_contents():
    pixels = np.arange(6, dtype=np.uint8)
    assert content_digest(pixels.reshape(2, 3)) != content_digest(pixels.reshape(3, 2))


def test_a_file_that_cannot_be_read_counts_as_empty(tmp_path: Path):
    assert content_digest(tmp_path / "gone.png") == content_digest("")


def test_copies_unite_groups_transitively():
    payloads = {"a": ("x", "y"), "b": ("y", "z"), "c": ("z",), "d": ("w",)}
    examples = [
        Example(f"{group}{payload}", "label", group, payload) for group, texts in payloads.items() for payload in texts
    ]
    assert [example.group for example in unite_copies(examples)] == ["a", "a", "a", "a", "a", "d"]


def groupings(examples: list[Example]) -> set[frozenset[str]]:
    united = unite_copies(examples)
    return {
        frozenset(example.name for example in united if example.group == group)
        for group in {example.group for example in united}
    }


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz")), max_size=20), st.randoms())
def test_uniting_keeps_groups_whole_copies_together_and_ignores_order(rows, random):
    examples = [Example(str(number), "label", *row) for number, row in enumerate(rows)]
    united = unite_copies(examples)
    for one, other in zip(united, examples, strict=True):
        for second, second_before in zip(united, examples, strict=True):
            if other.group == second_before.group or other.payload == second_before.payload:
                assert one.group == second.group
    shuffled = random.sample(examples, len(examples))
    assert groupings(shuffled) == groupings(examples)
