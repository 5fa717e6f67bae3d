"""How many CPU cores this process may use: its affinity, and the quota of every control group that it is in."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc/self")


def available_cores(proc: Path = PROC) -> int:
    """Return the cores that may run this process's threads, at least 1.

    A container is often allowed a share of the machine by a CPU quota, which neither `os.cpu_count` nor the affinity
    shows; a thread for each of the machine's cores would then be stopped most of the time. A quota of 1.5 cores
    counts as 2: two threads use it whole.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([affinity, *(math.ceil(quota) for quota in cpu_quotas(proc))]))


def cpu_quotas(proc: Path = PROC) -> Iterator[float]:
    """Yield the CPU quota, in cores, of the process's control group and of each above it that has one.

    `cpu.max` is version 2's file, `cpu.cfs_quota_us` and `cpu.cfs_period_us` version 1's (Linux' cgroup-v2 and
    sched-bwc documents). What cannot be read limits nothing.
    """
    for folder in _cpu_folders(proc):
        quota = _version_2(folder) or _version_1(folder)
        if quota is not None:
            yield quota


def _cpu_folders(proc: Path) -> Iterator[Path]:
    """Yield the folders of the CPU controller, from the process's own group to the top of what is mounted."""
    try:
        groups = [line.split(":", 2) for line in (proc / "cgroup").read_text().splitlines()]
        mounts = [line.split(" - ", 1) for line in (proc / "mountinfo").read_text().splitlines()]
    except OSError:
        return
    for place, source in (pair for pair in mounts if len(pair) == 2):
        kind, _, options = source.split(" ", 2)
        root, mount = place.split(" ")[3:5]
        if kind != "cgroup2" and (kind != "cgroup" or "cpu" not in options.split(" ")[-1].split(",")):
            continue
        for group in groups:
            controllers = group[1].split(",") if len(group) == 3 else []
            if ("cpu" in controllers) if kind == "cgroup" else controllers == [""]:
                yield from _upwards(Path(mount), root, group[2])


def _upwards(mount: Path, root: str, group: str) -> Iterator[Path]:
    # In a container the mount shows only the part of the tree below `root`.
    inside = group.removeprefix(root) if root != "/" else group
    parts = [part for part in inside.split("/") if part not in {"", ".."}]
    for length in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:length])


def _version_2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _version_1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        return None if quota <= 0 else quota / int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError, ZeroDivisionError):
        return None
