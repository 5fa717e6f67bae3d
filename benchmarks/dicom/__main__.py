"""`python -m benchmarks.dicom --data PATH`: the answers to X-rays written as DICOM beside those to the X-rays."""

import argparse
from pathlib import Path

import numpy as np

from app.main import registry_of
from app.settings import Settings
from app.tasks import task_named
from benchmarks.dicom.fidelity import differences, table


def main() -> None:
    """Print the largest differences for each transfer syntax."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of X-rays, and of folders of them")
    parser.add_argument("--pictures", type=int, default=100, help="how many, drawn at random (default: %(default)s)")
    options = parser.parse_args()
    task = task_named("pneumonia")
    registry = registry_of(Settings(), [task])
    registry.load()
    paths = sorted(path for path in options.data.rglob("*") if path.suffix.lower() in {".jpeg", ".jpg", ".png"})
    drawn = np.random.default_rng(0).permutation(len(paths))[: options.pictures]
    print(f"{len(drawn)} pictures\n")
    print(table(differences((paths[number].read_bytes() for number in drawn), registry.model(task.name))))


if __name__ == "__main__":
    main()
