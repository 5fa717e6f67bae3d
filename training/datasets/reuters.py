"""Reuters-21578 news (Lewis) of the 46 topics that Keras has: JSON lines, Keras' reuters.npz, a download."""

from collections.abc import Iterable
from pathlib import Path

from training.datasets.base import DatasetError, Example, Source
from training.datasets.contents import unite_copies
from training.datasets.files import one_file, require_exists, split_off_part, unrecognised
from training.datasets.reuters_index import download_texts, read_indexed_texts
from training.datasets.reuters_json import read_json_texts

# In the order of Keras' class numbers, `keras.datasets.reuters.get_label_names()`.
_LABELS_IN_ORDER = """
    cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton
    carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal
    livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog
    lead
"""
LABELS = tuple(_LABELS_IN_ORDER.split())

_JSON_SUFFIXES = (".jsonl", ".jsonl.gz")

_EXPECTED = """\
a .jsonl or .jsonl.gz file, each line {"title": "...", "body": "...", "topic": "earn"};
or Keras' reuters.npz with reuters_word_index.json beside it; or a folder with one of these.
Of reuters.npz Keras' training part is read; reuters.npz/test names its test part."""


def discover(path: Path | None) -> Source:
    """Find news in a file, a folder, or, without a path, through Keras' download.

    Of `reuters.npz` and of the download Keras' own training part is read; `reuters.npz/test` names the rest.
    Exact copies share a group.

    Raises:
        DatasetError: nothing is there, it has no known layout or an unknown topic, or the download fails.
    """
    if path is None:
        return _source(download_texts(LABELS))
    place, part = split_off_part(path)
    require_exists(place, _EXPECTED)
    wanted = part or "train"
    file = one_file(place, "reuters", (*_JSON_SUFFIXES, ".npz"), wanted) if place.is_dir() else place
    if file is not None and file.suffix == ".npz":
        return _source(read_indexed_texts(file, wanted, LABELS))
    if file is not None and file.name.endswith(_JSON_SUFFIXES) and part is None:
        return _source(read_json_texts(file))
    raise unrecognised(place, _EXPECTED)


def _source(texts: Iterable[tuple[str, str, str]]) -> Source:
    examples = [Example(name, topic, name, text) for name, topic, text in texts]
    for example in examples:
        if example.label not in LABELS:
            raise DatasetError(f"text {example.name} has the topic {example.label!r}, not one of {', '.join(LABELS)}")
    if len({example.label for example in examples}) < 2:
        raise DatasetError(f"texts of at least two topics are needed, and this data has {len(examples)} of one or none")
    return Source("reuters", LABELS, "exact copies", unite_copies(examples))
