"""Photos of cats and dogs, in the layouts of Kaggle, of Microsoft's PetImages and of the Oxford-IIIT Pets."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from training.datasets.base import DatasetError, Source
from training.datasets.files import require_folder, unrecognised
from training.datasets.pictures import picture_examples, pictures_in, require_pictures, subfolders

LABELS = ("cat", "dog")

_ROOTS = ("", "train", "dogs-vs-cats", "dogs-vs-cats/train", "PetImages", "images")

_EXPECTED = """\
train/
  cat.0.jpg  dog.0.jpg ...
or train/cat/*.jpg and train/dog/*.jpg; or Cat/*.jpg and Dog/*.jpg;
or images/Abyssinian_1.jpg, images/beagle_1.jpg ... (Oxford-IIIT Pets)."""

_HOW_TO_GET = """\
The photos of cats and dogs come from Kaggle, which asks for an account. With its command line tool:
  kaggle competitions download -c dogs-vs-cats -p DIR
  unzip DIR/dogs-vs-cats.zip -d DIR/dogs-vs-cats
  unzip DIR/dogs-vs-cats/train.zip -d DIR/dogs-vs-cats
  quartet train catdog --data DIR/dogs-vs-cats"""

_NAMED_AFTER_LABEL = re.compile(r"(cat|dog)s?[^a-z]", re.IGNORECASE)
_NAMED_AFTER_BREED = re.compile(r"([a-z]+(?:_[a-z]+)*)_\d+\.", re.IGNORECASE)

# The breeds of Parkhi et al., "Cats and Dogs", CVPR 2012. Its files begin with a capital for a cat and a
# small letter for a dog; the names themselves are asked for, so that IMG_1.jpg is no cat.
_CAT_BREEDS = """
    Abyssinian Bengal Birman Bombay British_Shorthair Egyptian_Mau Maine_Coon Persian Ragdoll Russian_Blue
    Siamese Sphynx
"""
_DOG_BREEDS = """
    american_bulldog american_pit_bull_terrier basset_hound beagle boxer chihuahua english_cocker_spaniel
    english_setter german_shorthaired great_pyrenees havanese japanese_chin keeshond leonberger
    miniature_pinscher newfoundland pomeranian pug saint_bernard samoyed scottish_terrier shiba_inu
    staffordshire_bull_terrier wheaten_terrier yorkshire_terrier
"""
_LABEL_OF_BREED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(_CAT_BREEDS.split(), "cat") | dict.fromkeys(_DOG_BREEDS.split(), "dog")
)


def discover(path: Path | None) -> Source:
    """Find photos in any of the published layouts. Exact copies share a group.

    In a flat folder, pictures whose name tells no label are left out.

    Raises:
        DatasetError: there is no path, nothing there, no known layout, or only one of the two classes.
    """
    if path is None:
        raise DatasetError(_HOW_TO_GET)
    require_folder(path, _EXPECTED)
    for root in (path / below for below in _ROOTS):
        labelled = _labelled_pictures(root) if root.is_dir() else []
        if labelled:
            break
    else:
        raise unrecognised(path, _EXPECTED)
    examples = picture_examples(labelled, root, lambda _: None)
    require_pictures(examples, LABELS, root, _EXPECTED)
    return Source("cats_dogs", LABELS, "exact copies", examples)


def _labelled_pictures(root: Path) -> list[tuple[str, Path]]:
    in_folders = [
        (label, file)
        for label in LABELS
        for folder in subfolders(root, label, f"{label}s")
        for file in pictures_in(folder)
    ]
    return in_folders or [(label, file) for file in pictures_in(root) if (label := _label_in_name(file.name))]


def _label_in_name(name: str) -> str | None:
    if match := _NAMED_AFTER_LABEL.match(name):
        return match[1].lower()
    match = _NAMED_AFTER_BREED.match(name)
    return _LABEL_OF_BREED.get(match[1]) if match else None
