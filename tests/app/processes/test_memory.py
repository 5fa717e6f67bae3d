import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import gc
from app.processes.memory import settle

def anonymous():
    return int(next(line for line in open("/proc/self/smaps_rollup") if line.startswith("Anonymous:")).split()[1])

blocks = [bytes(8_000) for _ in range(10_000)]
last = bytes(8_000)
blocks.clear()
before, alive = anonymous(), len(gc.get_objects())
settle()
print(before - anonymous(), alive, gc.get_freeze_count())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells how much memory a process has of its own")
def test_what_loading_has_left_is_given_back_and_what_stays_is_looked_through_no_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    given_back, alive, frozen = map(int, done.stdout.split())
    # 80 MB were allocated and freed below a block that lives.
    assert given_back > 60_000
    assert frozen > alive / 2
