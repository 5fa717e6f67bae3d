"""A model folder on disk: its manifest read and every checksum verified, before any graph is loaded."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from app.serving.errors import ArtifactError
from app.serving.manifest import Manifest
from app.serving.signing import SIGNATURE_FILE, ManifestVerifier

MANIFEST_FILE = "manifest.json"
GOLDEN_FILE = "golden.npz"
GRAPH_FILE = "saved_model.pb"
CARD_FILE = "MODEL_CARD.md"
UNLISTED_FILES = frozenset({MANIFEST_FILE, SIGNATURE_FILE})
"""The manifest lists all but itself and its signature."""
REQUIRED_FILES = (GRAPH_FILE, GOLDEN_FILE)


@dataclass(frozen=True)
class Artifact:
    """A verified model folder.

    `sha256` is of the manifest's bytes, which hold every other file's: the model's identity.
    """

    folder: Path
    manifest: Manifest
    sha256: str


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file that a manifest of the folder lists, by posix name relative to it, sorted.

    Raises:
        ArtifactError: the folder holds something that is not a plain file of its own.
    """
    names = sorted(set(_file_names(folder)) - UNLISTED_FILES)
    return {name: sha256_of(folder / name) for name in names}


def open_artifact(folder: Path, verifier: ManifestVerifier | None = None) -> Artifact:
    """Verify `models/<task>/<version>` and return what its manifest says.

    A SavedModel can run file operations, so none of the folder may reach TensorFlow before this has passed:
    the manifest is of the task and version that the folder's path names, and the folder holds exactly the
    files that the manifest lists, each with the sha256 listed. With a verifier, the manifest must be signed too,
    which covers all that it lists.

    Raises:
        ArtifactError: any of that does not hold; the error names the file and the reason.
    """
    folder = folder.absolute()
    with _readable("the folder"):
        present = set(_file_names(folder))
    if MANIFEST_FILE not in present:
        raise ArtifactError(MANIFEST_FILE, "is missing")
    with _readable(MANIFEST_FILE):
        content = (folder / MANIFEST_FILE).read_bytes()
    if verifier is not None:
        _check_signature(folder, content, verifier)
    manifest = _parse(content)
    _check_place(manifest, folder)
    _check_names(manifest, present - UNLISTED_FILES)
    for name, expected in manifest.files.items():
        with _readable(name):
            found = sha256_of(folder / name)
        if found != expected:
            raise ArtifactError(name, "its sha256 is not the one in the manifest")
    return Artifact(folder, manifest, hashlib.sha256(content).hexdigest())


def _file_names(folder: Path) -> Iterator[str]:
    root = folder.resolve()
    for parent, folders, files in os.walk(folder, onerror=_raise):
        for name in (*folders, *files):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                raise ArtifactError(relative, "is a link that leaves the model folder")
            if path.is_symlink() and path.is_dir():
                raise ArtifactError(relative, "is a link to a folder")
            # A pipe or a device would block whoever reads it.
            if not path.is_file() and not path.is_dir():
                raise ArtifactError(relative, "is not a regular file")
        for name in files:
            yield Path(parent, name).relative_to(folder).as_posix()


def _raise(error: OSError) -> None:
    raise error


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArtifactError(name, f"cannot be read: {error.strerror}") from error


def _check_signature(folder: Path, manifest: bytes, verifier: ManifestVerifier) -> None:
    if not (folder / SIGNATURE_FILE).is_file():
        raise ArtifactError(SIGNATURE_FILE, "is missing, and this service takes signed models alone")
    with _readable(SIGNATURE_FILE):
        signature = (folder / SIGNATURE_FILE).read_bytes()
    if not verifier.signed(manifest, signature):
        raise ArtifactError(SIGNATURE_FILE, "is not the manifest's signature by the key that this service trusts")


def _parse(content: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ArtifactError(MANIFEST_FILE, f"{where}: {first['msg']}" if where else first["msg"]) from error


def _check_place(manifest: Manifest, folder: Path) -> None:
    task, version = folder.parent.name, folder.name
    if manifest.task != task:
        raise ArtifactError(MANIFEST_FILE, f"its task is {manifest.task!r} but it lies in the folder {task!r}")
    if str(manifest.version) != version:
        raise ArtifactError(MANIFEST_FILE, f"its version is {manifest.version} but it lies in the folder {version!r}")


def _check_names(manifest: Manifest, present: set[str]) -> None:
    listed = set(manifest.files)
    for name in (*REQUIRED_FILES, *sorted(listed)):
        if name not in present:
            raise ArtifactError(name, "is missing")
    for name in sorted(present - listed):
        raise ArtifactError(name, "is not listed in the manifest")
