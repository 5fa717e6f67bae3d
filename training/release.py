"""Release a trained model: everything of its folder written, checked and made visible in one step."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.serving.artifact import CARD_FILE, GOLDEN_FILE
from app.serving.golden import Golden, save_golden
from app.serving.manifest import Manifest
from training.card import write_card
from training.datasets.base import Dataset
from training.export import new_version, save_manifest, save_module
from training.golden import golden_inputs
from training.portable import save_portable
from training.recipes.base import Recipe
from training.recipes.catalogue import training_of
from training.report.plots import plot_shifts
from training.report.run_plots import write_plots
from training.serving_module import ServingModule
from training.signing import sign_manifest
from training.summary import dataset_info
from training.train import Calibrated, decisions_of, library_versions

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def export(
    recipe: Recipe,
    data: Dataset,
    calibrated: Calibrated,
    seed: int,
    models: Path,
    command: str,
    signing_key: "Ed25519PrivateKey | None" = None,
) -> Path:
    """Write the next version of the task's model folder, its manifest signed if there is a key, and return it.

    Raises:
        ExportError: another export took the version number meanwhile.
    """
    fitted = calibrated.fitted
    module = ServingModule(fitted.network, fitted.scorer, calibrated.temperature, recipe.spec)
    with new_version(models, recipe.task) as (folder, number):
        save_module(module, folder)
        save_portable(module, folder)
        save_golden(folder / GOLDEN_FILE, _golden(folder, recipe, seed))
        decisions = decisions_of(calibrated.probabilities, data.labels, calibrated.operating_point)
        write_plots(
            folder / "plots",
            calibrated.probabilities,
            data.validation.labels,
            decisions,
            data.labels,
            histories=fitted.histories,
            operating_point=calibrated.operating_point,
            metrics=calibrated.metrics[0],
        )
        if calibrated.shifts:
            plot_shifts(calibrated.metrics[0], calibrated.shifts, folder / "plots" / "shifts.png")

        def complete(files: dict[str, str]) -> Manifest:
            return Manifest(
                task=recipe.task,
                version=number,
                created=datetime.now(UTC).replace(microsecond=0),
                recipe=f"{recipe.task}/{recipe.name}",
                seed=seed,
                command=command,
                libraries=library_versions(),
                parameters=fitted.network.parameters,
                labels=data.labels,
                input=recipe.spec,
                temperature=calibrated.temperature,
                operating_point=calibrated.operating_point,
                ood=calibrated.ood,
                dataset=dataset_info(data),
                metrics=calibrated.metrics,
                files=files,
            )

        plots = sorted(path.relative_to(folder).as_posix() for path in (folder / "plots").iterdir())
        write_card(
            folder / CARD_FILE,
            complete({}),
            training_of(recipe.task).card,
            recipe_summary=recipe.summary,
            plots=plots,
        )
        save_manifest(folder, complete)
        if signing_key is not None:
            sign_manifest(folder, signing_key)
    return models / recipe.task / str(number)


def _golden(folder: Path, recipe: Recipe, seed: int) -> Golden:
    """Answer golden inputs with the SavedModel as written, not with the network in memory."""
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]

    def run(inputs: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        outputs = signature(inputs=tf.constant(inputs))
        return {name: np.asarray(value) for name, value in outputs.items()}

    inputs = golden_inputs(recipe.spec, lambda pool: run(pool)["probabilities"], seed)
    return Golden(inputs, **run(inputs))
