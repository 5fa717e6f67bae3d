"""The commands that take hours, each as its page has it but for one epoch on a few drawn examples."""

import json
import shlex
from pathlib import Path

import pytest

from helpers.documents import PROJECT, blocks_of
from helpers.page_session import PageSession

FOLDERS = {"topic": "reuters", "digit": "mnist", "catdog": "cats_dogs", "pneumonia": "chest_xray"}
COMMANDS = [
    (page, line)
    for page in ("docs/models.md", "docs/training.md")
    for block in blocks_of(PROJECT / page)
    if "test_trainings.py" in block.mark.words
    for line in block.text.splitlines()
]
WITHOUT_EPOCHS = ("topic --recipe linear", "topic     --data")

pytestmark = pytest.mark.soak


def shortened(command: str) -> str:
    """Return a command with the drawn data in place of the page's, and the options that keep it short."""
    task = shlex.split(command)[2]
    here = command.replace("--data PATH", f"--data DATA/{FOLDERS[task]}")
    epochs = "" if any(words in command for words in WITHOUT_EPOCHS) else "--epochs 1"
    return f"{here} {epochs} --validation-fraction 0.3 --run runs/it --quiet"


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_training_of_the_pages_runs_to_its_end(tmp_path: Path, page: str, command: str) -> None:
    with PageSession(tmp_path, copied=False, port=None) as session:
        session.draw_data()
        status, said = session.shell(shortened(command), strict=True)
    assert status == 0, f"{page}: {command}\n{said}"
    folder = tmp_path / "quartet"
    assert (folder / "runs" / "it" / "summary.json").is_file()
    if "--export" in command:
        newest = max((folder / "models" / shlex.split(command)[2]).iterdir(), key=lambda version: int(version.name))
        assert not newest.is_symlink()
        assert json.loads((newest / "manifest.json").read_text())["task"] == newest.parent.name
