"""A folder like a fresh clone with everything that pages name, in which their blocks are run one after the other."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Self

from PIL import Image

from helpers.documents import PROJECT
from helpers.drawn_data import draw_cats_dogs, draw_chest_xrays, draw_digits, write_news
from helpers.picture_files import shipped_file
from helpers.services import free_port

SECONDS = 300
NOT_RUN = ("make", "pip", "uv", "docker", "podman", "buildah", "apt-get")
EXAMPLES = PROJECT / "examples"
OWN = {"models", "runs", "build", "dist", ".git", ".venv", ".bench"}
ADDRESSES = ("localhost:8000", "127.0.0.1:8000")

LIBRARY_LOG = re.compile(
    r"^(?:WARNING: All log messages before absl|[IWE]\d{4} \d\d:|WARNING:tensorflow:|To enable the following).*\n",
    re.MULTILINE,
)
"""What TensorFlow says of itself, which differs with the machine."""

QUARTET = """\
#!/bin/bash
# `quartet`; `quartet serve` goes on in the background, in the place of the one before it.
[ "$1" = serve ] || exec {python} -m app.cli "$@"
if [ -e {state}/server ]; then
    kill -9 "$(cat {state}/server)" 2>/dev/null
    while kill -0 "$(cat {state}/server)" 2>/dev/null; do sleep 0.05; done
fi
: >{state}/server.log
{python} -m app.cli "$@" >>{state}/server.log 2>&1 </dev/null &
echo $! >{state}/server
for _ in $(seq 1200); do
    grep -m1 "^Quartet is ready" {state}/server.log && exit 0
    kill -0 $! 2>/dev/null || break
    sleep 0.05
done
cat {state}/server.log
exit 1
"""

CURL = """\
#!/bin/bash
# In a block of commands without their output, an error that the service answers is one.
[ -n "$QUARTET_PAGE_STRICT" ] && exec {curl} --fail-with-body "$@"
exec {curl} "$@"
"""

REFUSED = """\
#!/bin/bash
echo "a test of the pages installs nothing and starts no container: mark the block with 'parse' or 'skip'"
exit 1
"""

ENVIRONMENT_PYTHON = """\
#!/bin/bash
# `.venv/bin/python`, by a path that leads to no environment which a page could change.
exec {python} "$@"
"""

SHELL = """\
set -a
[ -e {state}/variables ] && . {state}/variables
trap 'declare -px >{state}/variables; pwd >{state}/folder' EXIT
"""

PYTHON = """\
import contextlib, io, json, sys, traceback
names, answers = {"__name__": "__main__"}, sys.stdout
for line in sys.stdin:
    source, said = json.loads(line), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            exec(compile(source, "block", "exec"), names)
            status = 0
        except BaseException:
            traceback.print_exc()
            status = 1
    print(json.dumps([status, said.getvalue()]), file=answers, flush=True)
"""


class PageSession:
    """What one page's blocks share: a folder, shell variables, Python names, and the service that they started.

    Args:
        root: an empty folder.
        copied: whether the project's files are copied, so that blocks may change them; else they are linked.
        port: of the service that `localhost:8000` stands for; None for one that a block will start.
    """

    def __init__(self, root: Path, *, copied: bool, port: int | None) -> None:
        self._state = root / "state"
        self._folder = root / "quartet"
        self._groups: list[int] = []
        self._status = 0
        self._python: subprocess.Popen[str] | None = None
        self._port = port or free_port()
        self._state.mkdir()
        self._folder.mkdir()
        (_copy_project if copied else _link_project)(self._folder)
        _link_models(self._folder)
        _copy_examples(self._folder)
        programs = self._folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        known = {"python": sys.executable, "state": self._state, "curl": shutil.which("curl")}
        scripts = {"quartet": QUARTET, "curl": CURL, "python": ENVIRONMENT_PYTHON, **dict.fromkeys(NOT_RUN, REFUSED)}
        for name, script in scripts.items():
            (programs / name).write_text(script.format(**known))
            (programs / name).chmod(0o755)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("QUARTET_")},
            "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PIP_DRY_RUN": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": str(self._folder if copied else PROJECT),
            "QUARTET_PORT": str(self._port),
            "QUARTET_MODELS_DIR": str(self._folder / "models"),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._python:
            self._python.kill()
            self._python.communicate()
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def draw_data(self) -> None:
        """Draw a small data set for every task in the folder `DATA`, under the names that the pages use."""
        data = self._folder / "DATA"
        data.mkdir()
        (data / "reuters").mkdir()
        write_news(data / "reuters")
        (data / "mnist").mkdir()
        draw_digits(data / "mnist")
        draw_chest_xrays(data)
        draw_cats_dogs(data).rename(data / "cats_dogs")

    def shell(self, commands: str, *, strict: bool) -> tuple[int, str]:
        """Run shell commands; `strict` ends with the first that fails, and takes HTTP errors of curl for failures."""
        begin = "set -euo pipefail" if strict else f"(exit {self._status})"
        script = f"{SHELL.format(state=self._state)}{begin}\n{self._here(commands)}"
        folder = self._state / "folder"
        where = folder.read_text().strip() if folder.exists() else str(self._folder)
        environment = {**self._environment, **({"QUARTET_PAGE_STRICT": "1"} if strict else {})}
        self._status, said = self._run(["bash", "-c", script], where, environment)
        return self._status, said

    def javascript(self, source: str) -> tuple[int, str]:
        """Run a JavaScript module in Node."""
        file = self._folder / ".block.mjs"
        file.write_text(self._here(source))
        return self._run(["node", file.name], str(self._folder), self._environment)

    def python(self, source: str) -> tuple[int, str]:
        """Run Python code after that of the page's earlier blocks, whose names it has."""
        if self._python is None:
            self._python = subprocess.Popen(
                [sys.executable, "-u", "-c", PYTHON],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=self._folder,
                env=self._environment,
            )
        assert self._python.stdin
        assert self._python.stdout
        self._python.stdin.write(json.dumps(self._here(source)) + "\n")
        self._python.stdin.flush()
        patience = Timer(SECONDS, self._python.kill)
        patience.start()
        answer = self._python.stdout.readline()
        patience.cancel()
        status, said = json.loads(answer) if answer else (1, "Python ended")
        return status, self._there(said)

    def write(self, path: str, content: str) -> None:
        """Write a file of a page into the folder."""
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(content)

    def _run(self, words: list[str], folder: str, environment: dict[str, str]) -> tuple[int, str]:
        # Into a file: what runs on in the background would keep a pipe open.
        said = self._state / "said"
        with said.open("w") as out:
            process = subprocess.Popen(
                words,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._groups.append(process.pid)
            try:
                status = process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                status = 124
        return status, self._there(said.read_text(errors="replace"))

    def _here(self, text: str) -> str:
        for address in ADDRESSES:
            text = text.replace(address, f"127.0.0.1:{self._port}")
        return text

    def _there(self, text: str) -> str:
        for name in ("127.0.0.1", "localhost"):
            text = text.replace(f"{name}:{self._port}", ADDRESSES[0])
        return LIBRARY_LOG.sub("", text)


def _link_project(folder: Path) -> None:
    """Link all of the project but its models, which are linked one by one: a new version can lie beside them."""
    for entry in PROJECT.iterdir():
        if entry.name not in OWN:
            (folder / entry.name).symlink_to(entry)


def _copy_project(folder: Path) -> None:
    """Copy all of the project but its models."""
    for entry in PROJECT.iterdir():
        if entry.is_dir() and entry.name not in OWN and not entry.name.startswith("."):
            shutil.copytree(entry, folder / entry.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif entry.is_file():
            shutil.copyfile(entry, folder / entry.name)


def _link_models(folder: Path) -> None:
    for version in (PROJECT / "models").glob("*/[0-9]*"):
        task = folder / "models" / version.parent.name
        task.mkdir(parents=True, exist_ok=True)
        (task / version.name).symlink_to(version)


def _copy_examples(folder: Path) -> None:
    """Lay the examples where pages that speak of anyone's files look for them."""
    for example in EXAMPLES.iterdir():
        if example.suffix in (".dcm", ".jpeg", ".txt"):
            shutil.copyfile(example, folder / example.name)
    (folder / "cat.png").write_bytes(shipped_file("chelsea.png"))
    Image.open(EXAMPLES / "seven.jpeg").save(folder / "seven.png")
    _lay_archive(folder / "xrays")


def _lay_archive(folder: Path) -> None:
    """Lay a folder of X-rays as it may come: two kinds of files, one of them cut short, and a note among them."""
    (folder / "ward").mkdir(parents=True)
    whole = (EXAMPLES / "xray.jpeg").read_bytes()
    (folder / "1.jpeg").write_bytes(whole)
    shutil.copyfile(EXAMPLES / "xray.dcm", folder / "2.dcm")
    Image.open(EXAMPLES / "xray.jpeg").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "ward" / "3.png")
    (folder / "ward" / "cut.jpeg").write_bytes(whole[: len(whole) // 2])
    (folder / "ward" / "note.txt").write_text("Ask again on Monday.\n")
