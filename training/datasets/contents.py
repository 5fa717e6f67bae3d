"""What examples contain, as sha256: to find exact copies and to name a data set by its contents."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from training.datasets.base import Example, Payload


def dataset_digest(examples: Iterable[Example]) -> str:
    """Return a sha256 in hex over the names, labels and contents, whatever the order of the examples.

    Names are relative to the data, so the digest is the same wherever the data lies.
    """
    total = hashlib.sha256()
    for row in sorted((example.name, example.label, content_digest(example.payload)) for example in examples):
        total.update("\0".join(row).encode() + b"\n")
    return total.hexdigest()


def content_digest(payload: Payload) -> str:
    """Return the sha256 in hex of one payload's bytes; a file that cannot be read counts as an empty one."""
    if isinstance(payload, str):
        return hashlib.sha256(payload.encode("utf-8", "surrogatepass")).hexdigest()
    if isinstance(payload, Path):
        try:
            return hashlib.sha256(payload.read_bytes()).hexdigest()
        except OSError:
            return hashlib.sha256().hexdigest()
    return hashlib.sha256(repr(payload.shape).encode() + payload.tobytes()).hexdigest()


def unite_copies(examples: Sequence[Example]) -> tuple[Example, ...]:
    """Return the examples with groups merged wherever two of them hold a copy of the same content.

    Merging is transitive: a copy in each of two patients' pictures makes one group of all their pictures.
    """
    merged = _DisjointSets()
    for copies in _copies(examples):
        for example in copies[1:]:
            merged.unite(copies[0].group, example.group)
    return tuple(replace(example, group=merged.representative(example.group)) for example in examples)


def _copies(examples: Iterable[Example]) -> Iterable[list[Example]]:
    # Contents of different length differ: most files of a large data set need not be read for this.
    for same_size in _gathered((_size(example.payload), example) for example in examples):
        if len(same_size) > 1:
            yield from _gathered((content_digest(example.payload), example) for example in same_size)


def _gathered(keyed: Iterable[tuple[int | str, Example]]) -> Iterable[list[Example]]:
    lists: defaultdict[int | str, list[Example]] = defaultdict(list)
    for key, example in keyed:
        lists[key].append(example)
    return lists.values()


def _size(payload: Payload) -> int:
    if isinstance(payload, str):
        return len(payload)
    return payload.stat().st_size if isinstance(payload, Path) else payload.nbytes


class _DisjointSets:
    """Union-find over group names; a set is represented by its first name in sorting order."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def representative(self, name: str) -> str:
        while (parent := self._parent.get(name, name)) != name:
            self._parent[name] = self._parent.get(parent, parent)
            name = parent
        return name

    def unite(self, one: str, other: str) -> None:
        first, second = sorted((self.representative(one), self.representative(other)))
        if first != second:
            self._parent[second] = first
