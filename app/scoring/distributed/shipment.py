"""What each worker needs to answer as the process that was started would: the settings and the model's own files.

The model is sent, not looked up, so that no machine needs a models folder and none can have another model. A worker
puts the files down and loads them as a service does: checksums, signature and golden answers are verified there too.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.serving.artifact import MANIFEST_FILE, Artifact
from app.serving.engines import load_fastest
from app.serving.model import LoadedModel
from app.serving.signing import SIGNATURE_FILE, read_verifier
from app.settings import Settings

KEY_FILE = "key"


@dataclass(frozen=True)
class Shipment:
    """One model and how it is run.

    `files` are the model folder's, by name. `key` is the public key that its signature is checked against.
    `settings.workers` are the threads that a worker answers on, `readers` those that fetch content ahead of them.
    """

    settings: Settings
    task: str
    version: int
    files: Mapping[str, bytes]
    key: bytes | None
    threshold: float | None
    readers: int


def shipment_of(
    artifact: Artifact, settings: Settings, threads: int, readers: int, threshold: float | None = None
) -> Shipment:
    """Read a verified model folder.

    Raises:
        OSError: a file cannot be read.
    """
    manifest = artifact.manifest
    names = [MANIFEST_FILE, *manifest.files]
    if (artifact.folder / SIGNATURE_FILE).is_file():
        names.append(SIGNATURE_FILE)
    key = settings.model_public_key
    return Shipment(
        settings.model_copy(update={"workers": threads}),
        manifest.task,
        manifest.version,
        {name: (artifact.folder / name).read_bytes() for name in names},
        None if key is None else key.read_bytes(),
        threshold,
        readers,
    )


def load(shipment: Shipment) -> LoadedModel:
    """Load the model that was sent.

    Raises:
        ArtifactError: it must not be used; the error says why.
    """
    settings = shipment.settings
    # Once it is loaded an engine reads nothing of the folder, unless it is asked to explain.
    with tempfile.TemporaryDirectory(prefix="quartet-") as root:
        folder = Path(root, shipment.task, str(shipment.version))
        for name, content in shipment.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        key = None if shipment.key is None else Path(root, KEY_FILE)
        if key is not None and shipment.key is not None:
            key.write_bytes(shipment.key)
        return load_fastest(folder, settings.engine_policy, settings.input_limits, read_verifier(key))
