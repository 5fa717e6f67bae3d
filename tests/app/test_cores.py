import os
from pathlib import Path

import pytest

from app.cores import available_cores, cpu_quotas

V2_MOUNT = "30 23 0:26 {root} {mount} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNT = "33 25 0:29 {root} {mount} rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
OTHER_MOUNTS = "22 1 8:1 / / rw - ext4 /dev/root rw\n34 25 0:30 / /memory rw - cgroup cgroup rw,memory\n"


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)


def process(tmp_path: Path, mount: str, cgroup: str, root: str = "/") -> Path:
    proc = tmp_path / "proc"
    write(proc, mountinfo=OTHER_MOUNTS + mount.format(root=root, mount=tmp_path / "cgroup"), cgroup=cgroup)
    return proc


def test_a_version_2_quota_is_read_in_cores(tmp_path: Path) -> None:
    proc = process(tmp_path, V2_MOUNT, "0::/service\n")
    write(tmp_path / "cgroup" / "service", cpu__max="150000 100000\n")
    assert list(cpu_quotas(proc)) == [1.5]


def test_a_version_1_quota_is_read_in_cores(tmp_path: Path) -> None:
    proc = process(tmp_path, V1_MOUNT, "3:memory:/elsewhere\n2:cpu,cpuacct:/service\n")
    write(tmp_path / "cgroup" / "service", cpu__cfs_quota_us="50000\n", cpu__cfs_period_us="100000\n")
    assert list(cpu_quotas(proc)) == [0.5]


def test_a_quota_of_a_group_above_counts_too(tmp_path: Path) -> None:
    proc = process(tmp_path, V2_MOUNT, "0::/slice/service\n")
    write(tmp_path / "cgroup" / "slice" / "service", cpu__max="max 100000\n")
    write(tmp_path / "cgroup" / "slice", cpu__max="300000 100000\n")
    assert list(cpu_quotas(proc)) == [3.0]


def test_a_container_that_sees_only_its_own_part_of_the_tree_finds_its_quota(tmp_path: Path) -> None:
    proc = process(tmp_path, V1_MOUNT, "2:cpu,cpuacct:/docker/abc\n", root="/docker/abc")
    write(tmp_path / "cgroup", cpu__cfs_quota_us="200000\n", cpu__cfs_period_us="100000\n")
    assert list(cpu_quotas(proc)) == [2.0]


@pytest.mark.parametrize("content", ["max 100000\n", "", "nonsense\n", "0 0\n"])
def test_a_group_without_a_readable_quota_limits_nothing(tmp_path: Path, content: str) -> None:
    proc = process(tmp_path, V2_MOUNT, "0::/\n")
    write(tmp_path / "cgroup", cpu__max=content)
    assert [quota for quota in cpu_quotas(proc) if quota] == []


def test_an_unlimited_version_1_group_limits_nothing(tmp_path: Path) -> None:
    proc = process(tmp_path, V1_MOUNT, "2:cpu:/\n")
    write(tmp_path / "cgroup", cpu__cfs_quota_us="-1\n", cpu__cfs_period_us="100000\n")
    assert list(cpu_quotas(proc)) == []


@pytest.mark.parametrize(("quota", "cores"), [("20000 100000", 1), ("100000 100000", 1), ("900000000 100000", None)])
def test_the_cores_are_the_fewer_of_quota_and_affinity_and_never_none(
    tmp_path: Path, quota: str, cores: int | None
) -> None:
    proc = process(tmp_path, V2_MOUNT, "0::/\n")
    write(tmp_path / "cgroup", cpu__max=quota)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert available_cores(proc) == (cores or allowed)


def test_without_control_groups_the_affinity_counts(tmp_path: Path) -> None:
    assert available_cores(tmp_path) >= 1
