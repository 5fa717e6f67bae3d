"""An image that buildah made, as a bundle of the OCI runtime specification, confined as by docker-compose.yml."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEMPORARY = ["nosuid", "nodev", "noexec"]


@dataclass(frozen=True)
class Image:
    """A mounted image: its folder, the image's configuration and its history."""

    root: Path
    config: dict[str, Any]
    history: list[dict[str, Any]]

    @property
    def command(self) -> list[str]:
        """What the image starts."""
        return [*(self.config["Entrypoint"] or []), *(self.config["Cmd"] or [])]


@contextmanager
def mounted(storage: Path, name: str) -> Iterator[Image]:
    """Mount an image of a folder that build.sh made, until the block ends."""

    def buildah(*words: str) -> str:
        command = ["buildah", "--root", storage / "storage", "--runroot", storage / "run", "--storage-driver", "vfs"]
        return subprocess.run([*command, *words], check=True, capture_output=True, text=True).stdout.strip()

    known = json.loads(buildah("inspect", "--type", "image", name))
    container = buildah("from", name)
    try:
        yield Image(Path(buildah("mount", container)), known["Docker"]["config"], known["OCIv1"]["history"])
    finally:
        buildah("rm", container)


def write_bundle(folder: Path, image: Image, memory: int, cores: float, variables: Mapping[str, str | None]) -> None:
    """Write `config.json` of a container that may write nothing but `/tmp` and `/dev/shm`, without capabilities.

    Args:
        folder: where it goes.
        image: what runs.
        memory: limit in bytes.
        cores: limit of processor time.
        variables: beside the image's own, or instead of them; None takes one away.
    """
    uid, gid = map(int, image.config["User"].split(":"))
    none: dict[str, list[str]] = {kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")}
    environment = dict(one.split("=", 1) for one in image.config["Env"]) | variables
    spec = {
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": uid, "gid": gid},
            "args": image.command,
            "env": [f"{name}={value}" for name, value in environment.items() if value is not None],
            "cwd": image.config["WorkingDir"],
            "capabilities": none,
            "noNewPrivileges": True,
        },
        "root": {"path": str(image.root), "readonly": True},
        "hostname": "quartet",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": [*TEMPORARY, "size=64m"]},  # noqa: S108 - the container's
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": [*TEMPORARY, "size=16m"]},  # noqa: S108
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*TEMPORARY, "ro"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": [*TEMPORARY, "ro"]},
        ],
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
            "resources": {
                "memory": {"limit": memory},
                "cpu": {"quota": int(cores * 100_000), "period": 100_000},
                "pids": {"limit": 256},
            },
        },
    }
    (folder / "config.json").write_text(json.dumps(spec))
