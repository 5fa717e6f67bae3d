"""What reading one picture costs, measured in a process of its own."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.inputs.errors import InputError
from app.inputs.limits import InputLimits
from app.inputs.reader import read_input
from app.inputs.spec import ImageSpec
from benchmarks.bombs.dicom import small_dicom_files
from benchmarks.bombs.files import picture

MIB = 2**20
LIMITS = InputLimits(max_pixels=50_000_000)
"""The service's defaults."""
SPEC = ImageSpec(mode="RGB", height=224, width=224)


@dataclass(frozen=True)
class Cost:
    """What came of a picture: the name of the error, or `read`; processor time, and memory beyond its own bytes."""

    answer: str
    message: str
    milliseconds: float
    extra_mib: float


def costs(pictures: Mapping[str, Callable[[], bytes]]) -> Iterator[tuple[str, bytes, Cost]]:
    """Make and read pictures one after the other, each in a process that has read only small ones.

    Raises:
        OSError: not on Linux, which alone tells how much memory a process had at most since a moment.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as pool:
        for name, make in pictures.items():
            data = make()
            yield name, data, pool.submit(_cost, data).result()


def _cost(data: bytes) -> Cost:
    for small in (*(picture(name) for name in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")), *small_dicom_files()):
        read_input(small, SPEC, LIMITS)
    # Makes the high-water mark of resident memory start anew (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_bytes()
    start = time.process_time()
    try:
        read_input(data, SPEC, LIMITS)
        answer, message = "read", ""
    except InputError as error:
        answer, message = type(error).__name__, str(error)
    seconds = time.process_time() - start
    return Cost(answer, message, 1000 * seconds, (_peak_bytes() - before) / MIB)


def _peak_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
