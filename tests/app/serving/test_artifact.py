import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.serving.artifact import MANIFEST_FILE, checksums, open_artifact, sha256_of
from app.serving.errors import ArtifactError
from helpers.tiny_models import write_manifest


@pytest.fixture
def folder(models_copy: Path) -> Path:
    return models_copy / "catdog" / "1"


def refusal(folder: Path) -> str:
    with pytest.raises(ArtifactError) as caught:
        open_artifact(folder)
    return str(caught.value)


def test_an_intact_folder_is_opened_and_known_by_its_manifests_sha256(folder: Path) -> None:
    artifact = open_artifact(folder)
    assert artifact.manifest.task == "catdog"
    assert artifact.sha256 == sha256_of(folder / MANIFEST_FILE)
    assert set(artifact.manifest.files) >= {"saved_model.pb", "golden.npz", "variables/variables.index"}


def test_checksums_name_every_file_but_the_manifest_by_its_posix_path(folder: Path) -> None:
    found = checksums(folder)
    assert MANIFEST_FILE not in found
    assert found["plots/roc.png"] == sha256_of(folder / "plots" / "roc.png")
    assert list(found) == sorted(found)


@pytest.mark.parametrize("name", ["saved_model.pb", "golden.npz", "variables/variables.index", "MODEL_CARD.md"])
def test_one_changed_byte_in_any_file_is_refused_by_name(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert refusal(folder) == f"{name}: its sha256 is not the one in the manifest"


@pytest.mark.parametrize("name", ["saved_model.pb", "golden.npz", "plots/roc.png", MANIFEST_FILE])
def test_a_missing_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert refusal(folder) == f"{name}: is missing"


@pytest.mark.parametrize("name", ["saved_model.pb", "golden.npz"])
def test_a_required_file_that_is_neither_there_nor_listed_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    write_manifest(folder)
    assert refusal(folder) == f"{name}: is missing"


def test_a_file_that_the_manifest_does_not_list_is_refused(folder: Path) -> None:
    (folder / "assets" / "vocabulary.txt").write_text("planted")
    assert refusal(folder) == "assets/vocabulary.txt: is not listed in the manifest"


def test_a_link_out_of_the_folder_is_refused_although_its_content_has_the_right_checksum(folder: Path) -> None:
    outside = folder.parents[2] / "outside.md"
    (folder / "MODEL_CARD.md").rename(outside)
    (folder / "MODEL_CARD.md").symlink_to(outside)
    assert refusal(folder) == "MODEL_CARD.md: is a link that leaves the model folder"


def test_a_linked_folder_is_refused(folder: Path) -> None:
    (folder / "more").symlink_to(folder / "plots", target_is_directory=True)
    assert refusal(folder) == "more: is a link to a folder"


def test_a_dangling_link_is_refused(folder: Path) -> None:
    (folder / "gone").symlink_to(folder / "nothing")
    assert refusal(folder) == "gone: is not a regular file"


def test_a_link_to_itself_is_refused(folder: Path) -> None:
    (folder / "loop").symlink_to(folder / "loop")
    assert refusal(folder) == "loop: is not a regular file"


@pytest.mark.parametrize("name", ["", "variables"])
def test_a_folder_that_cannot_be_read_is_refused(folder: Path, name: str) -> None:
    (folder / name).chmod(0)
    try:
        with unprivileged(folder):
            assert refusal(folder) == "the folder: cannot be read: Permission denied"
    finally:
        (folder / name).chmod(0o755)


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Make root, who reads everything, somebody who may reach the folder and no more."""
    if os.geteuid() != 0:
        yield
        return
    for parent in folder.parents:
        if parent.stat().st_uid == 0 and parent.is_relative_to(tempfile.gettempdir()):
            parent.chmod(parent.stat().st_mode | 0o111)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_pipe_is_refused_instead_of_read_forever(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert refusal(folder) == "pipe: is not a regular file"


def test_a_manifest_of_another_task_is_refused(folder: Path) -> None:
    write_manifest(folder, task="digit")
    assert refusal(folder) == "manifest.json: its task is 'digit' but it lies in the folder 'catdog'"


def test_a_manifest_of_another_version_is_refused(folder: Path) -> None:
    write_manifest(folder, version=2)
    assert refusal(folder) == "manifest.json: its version is 2 but it lies in the folder '1'"


def test_a_manifest_that_is_not_json_is_refused(folder: Path) -> None:
    (folder / MANIFEST_FILE).write_text("{")
    assert refusal(folder).startswith("manifest.json: Invalid JSON")


def test_a_manifest_with_a_field_amiss_is_refused_with_its_name(folder: Path) -> None:
    write_manifest(folder, temperature=0)
    assert refusal(folder) == "manifest.json: temperature: Input should be greater than 0"


def test_a_manifest_that_lists_a_path_outside_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    write_manifest(folder, files=manifest["files"] | {"../../secret": "0" * 64})
    assert "is not a plain path inside the model folder" in refusal(folder)


def test_a_tampered_folder_is_refused_without_importing_tensorflow(folder: Path) -> None:
    (folder / "saved_model.pb").write_bytes(b"planted")
    script = (
        "import sys; from pathlib import Path; from app.serving.model import load_model\n"
        "from app.serving.tensorflow_engine import TensorFlowEngine; from app.settings import Settings\n"
        "try: load_model(Path(sys.argv[1]), TensorFlowEngine, Settings().input_limits)\n"
        "except Exception as error: print(error, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    assert done.stdout == "saved_model.pb: its sha256 is not the one in the manifest False\n"
