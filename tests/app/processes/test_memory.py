import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]

GIVES_BACK = """
from app.processes.memory import give_back

def anonymous():
    return int(next(line for line in open("/proc/self/smaps_rollup") if line.startswith("Anonymous:")).split()[1])

blocks = [bytes(8_000) for _ in range(10_000)]
last = bytes(8_000)
blocks.clear()
before = anonymous()
give_back()
print(before - anonymous())
"""

STARTS = """
import gc, sys
from pathlib import Path
from app.processes.listening import listen
from app.processes.server import Server
from app.serving.model import LoadedModel
from app.settings import Settings

def ready():
    looked_through = gc.get_objects()
    models = sum(isinstance(one, LoadedModel) for one in looked_through)
    print(models, gc.get_freeze_count())
    server.stop()

server = Server(Settings(models_dir=Path(sys.argv[1])), ready)
server.run(listen("127.0.0.1", 0))
"""


def run(script: str, *words: str) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    return [int(word) for word in done.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells how much memory a process has of its own")
def test_what_is_not_used_is_given_back() -> None:
    # 80 MB were allocated and freed below a block that lives.
    [kib] = run(GIVES_BACK)
    assert kib > 60_000


def test_a_server_looks_for_garbage_among_its_models_but_not_among_what_was_there_before(tiny_models: Path) -> None:
    found, frozen = run(STARTS, str(tiny_models))
    assert found > 0
    assert frozen > 50_000
