"""Which out-of-distribution score tells strangers best, on the features of the released picture models.

    python -m benchmarks.ood_methods --data DATA [--models DIR] [--limit N]

DATA is as `python -m benchmarks.out_of_distribution` takes it. Prints a Markdown table for each model that has the
signature `features` and whose data is there: the share of each stranger set that each score flags. The scores are
fitted anew on training examples, and inputs that cannot be read are left out.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from app.inputs.errors import InputError
from app.inputs.limits import InputLimits
from app.inputs.reader import read_input
from app.inputs.spec import InputSpec
from app.serving.artifact import Artifact, open_artifact
from app.serving.manifest import Manifest
from app.serving.versions import versions_in
from app.tasks import TASKS
from benchmarks.ood.methods import Described, MethodResult, compare
from benchmarks.ood.own import own_sets
from benchmarks.ood.page import row
from benchmarks.ood.sets import InputSet, drawn, payload_of
from benchmarks.ood.sources import find_sources
from benchmarks.ood.strange import strange_sets
from training.datasets.base import Source
from training.datasets.splitting import split_groups
from training.ood import BANK_ROWS

SIGNATURE = "features"
BATCH = 32
NO_LIMIT = 10**9
LIMITS = InputLimits()


class Describer:
    """A released network, asked for its penultimate features; `able` says whether it can tell them."""

    def __init__(self, artifact: Artifact):
        # The signature refers weakly to the model's variables: the model must outlive its use.
        self._model = tf.saved_model.load(str(artifact.folder))
        self._spec: InputSpec = artifact.manifest.input
        self.able = SIGNATURE in self._model.signatures

    def __call__(self, payloads: Iterable[bytes | str]) -> Described | None:
        """Describe those inputs that can be read, as the service reads them; None if there is none."""
        inputs = []
        for payload in payloads:
            try:
                inputs.append(read_input(payload.encode() if isinstance(payload, str) else payload, self._spec, LIMITS))
            except InputError:
                continue
        if not inputs:
            return None
        signature = self._model.signatures[SIGNATURE]
        batches = [np.stack(inputs[start : start + BATCH]) for start in range(0, len(inputs), BATCH)]
        outputs = [signature(inputs=tf.constant(batch)) for batch in batches]
        features, logits = (
            np.concatenate([one[name].numpy() for one in outputs]).astype(np.float32) for name in (SIGNATURE, "logits")
        )
        return Described(features, logits)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the scores on each task's newest model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the tasks' data sets")
    parser.add_argument("--models", type=Path, default=Path("models"), help="models folder (default: models)")
    parser.add_argument("--limit", type=int, default=NO_LIMIT, help="at most so many inputs of each set")
    options = parser.parse_args(arguments)
    sources = find_sources(options.data)
    for task in TASKS:
        versions = versions_in(options.models / task.name)
        if versions and task.name in sources:
            artifact = open_artifact(options.models / task.name / str(versions[0]))
            describe = Describer(artifact)
            if describe.able:
                print(f"## {task.title}, version {versions[0]}\n")
                print(table(compared(describe, artifact.manifest, sources, options.limit)) + "\n", flush=True)


def compared(describe: Describer, manifest: Manifest, sources: Mapping[str, Source], limit: int) -> list[MethodResult]:
    """Compare the scores on one model, fitted on `BANK_ROWS` examples, on at most `limit` inputs of each set.

    Raises:
        ValueError: none of its own inputs can be read.
    """
    source = sources[manifest.task]
    training, validation = split_groups(source, manifest.dataset.validation_fraction, manifest.seed)
    train = describe(payload_of(one) for one in drawn(training, BANK_ROWS, manifest.seed))
    own = _described(describe, own_sets(manifest, validation, limit))
    if train is None or not own:
        raise ValueError(f"{manifest.task}: no input of its own kind can be read")
    return compare(train, own, _described(describe, strange_sets(manifest.task, sources, limit)))


def table(results: Sequence[MethodResult]) -> str:
    """Return, in Markdown, each stranger set's share flagged by each score, and each score's lowest."""
    head = ("set", *(result.method for result in results))
    rows = [(title, *(f"{result.flagged[title]:.3f}" for result in results)) for title in results[0].flagged]
    lowest = ("**lowest**", *(f"{min(result.flagged.values()):.3f}" for result in results))
    return "\n".join(row(cells) for cells in (head, ["---"] * len(head), *rows, lowest))


def _described(describe: Describer, sets: Iterable[InputSet]) -> dict[str, Described]:
    described = ((one.title, describe(one.payloads)) for one in sets)
    return {title: one for title, one in described if one is not None}


if __name__ == "__main__":
    main()
