"""Damaged DICOM files in every transfer syntax, read in a process of its own: it lives on and leaks nothing."""

import multiprocessing
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pytest

from app.inputs.errors import InputError
from app.inputs.image import read_grey
from app.inputs.limits import InputLimits
from helpers.dicom_files import small_files
from helpers.mutations import mutated

QUICK = 1_000
SOAK = int(os.environ.get("SOAK_REQUESTS", "30000"))
SEED = int(os.environ.get("SOAK_SEED", "0"))
LIMITS = InputLimits(max_pixels=50_000_000)
LEAK_KIB_PER_1000 = 100
SAMPLES = 50


@dataclass(frozen=True)
class Outcome:
    """How often each answer was given, the slowest in seconds and its number, and resident KiB over the run."""

    answers: Counter[str]
    slowest: tuple[float, int]
    resident_kib: list[int]

    def slope_kib(self, count: int) -> float:
        """Growth for each 1,000 files over the last half."""
        half = self.resident_kib[len(self.resident_kib) // 2 :]
        return float(np.polyfit(np.arange(len(half)) * (count / SAMPLES), half, 1)[0]) * 1000


def read_damaged(seed: int, count: int, current: Path) -> Outcome:
    """Damage and read files; the one that is being read is kept in `current`."""
    files, answers, slowest, resident = small_files(), Counter[str](), (0.0, -1), list[int]()
    for number in range(count):
        random = Random(f"{seed}/{number}")
        data = mutated(random, random.choice(files), files)
        current.write_bytes(data)
        start = time.perf_counter()
        try:
            read_grey(data, LIMITS)
            answers["read"] += 1
        except InputError as error:
            answers[type(error).__name__] += 1
        slowest = max(slowest, (time.perf_counter() - start, number))
        if number % max(1, count // SAMPLES) == 0:
            resident.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024)
    return Outcome(answers, slowest, resident)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells the resident memory there")
@pytest.mark.parametrize("count", [QUICK, pytest.param(SOAK, marks=pytest.mark.soak)])
def test_no_damaged_dicom_file_ends_the_process_or_leaks(
    count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    current = tmp_path / "current.dcm"
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        # A crash in a decoder is a BrokenProcessPool; `current` is then what it was reading.
        outcome = pool.submit(read_damaged, SEED, count, current).result()
    assert outcome.answers.total() == count
    assert set(outcome.answers) >= {"read", "BrokenInputError", "UnsupportedInputError"}
    with capsys.disabled():
        print(
            f"\nSeed {SEED}; {count:,} damaged DICOM files: {dict(outcome.answers.most_common())}; slowest "
            f"{outcome.slowest[0] * 1000:,.0f} ms (number {outcome.slowest[1]}); resident memory "
            f"{outcome.resident_kib[0] / 1024:,.0f} MiB at the start, {outcome.resident_kib[-1] / 1024:,.0f} MiB at "
            f"the end, over the last half {outcome.slope_kib(count):+,.1f} KiB for each 1,000 files"
        )
    if count >= 10_000:
        assert outcome.slope_kib(count) < LEAK_KIB_PER_1000
