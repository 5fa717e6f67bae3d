"""What the container's memory does under mixed uploads with several settings of the allocator: memory.py FOLDER.

After build.sh FOLDER, as root. Each setting has a container of its own, and gets the same requests in the same order.
"""

import io
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import httpx
import numpy as np
from bundle import mounted, write_bundle
from PIL import Image
from running import running, wait_until_ready

MIB = 2**20
CLIENTS = 8
REQUESTS = 1200
ALLOCATOR = ("MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
SETTINGS: dict[str, dict[str, str]] = {
    "glibc's defaults": {},
    "MALLOC_ARENA_MAX=2": {"MALLOC_ARENA_MAX": "2"},
    "and fixed thresholds": {
        "MALLOC_ARENA_MAX": "2",
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "MALLOC_TRIM_THRESHOLD_": "131072",
    },
}


def uploads() -> list[tuple[str, bytes]]:
    """Draw pictures of many sizes and formats, a damaged one for each, and texts, by seed."""
    random = np.random.default_rng(0)
    made = [("topic", b"Oil prices rose after OPEC agreed to cut output. " * 40)] * 6
    for task in ("pneumonia", "catdog", "digit"):
        for side in (60, 300, 900, 1600, 2400):
            coarse = random.integers(0, 256, (side // 20, side // 16), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((side, side * 4 // 5))
            for kind in ("PNG", "JPEG"):
                buffer = io.BytesIO()
                picture.save(buffer, kind)
                made += [(task, buffer.getvalue()), (task, buffer.getvalue()[: -buffer.tell() // 3])]
    return made


def send(address: str, requests: Iterator[tuple[str, bytes]]) -> None:
    """Send requests from several clients; damaged uploads are refused, and nothing else is."""
    lock = threading.Lock()

    def ask() -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            while True:
                with lock:
                    one = next(requests, None)
                if one is None:
                    return
                answer = client.post(f"/predict/{one[0]}", content=one[1])
                if answer.status_code not in {200, 422}:
                    raise RuntimeError(answer.text)

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def measure(folder: Path, settings: dict[str, str]) -> tuple[int, int, int, float]:
    """Return resident memory in KiB when ready, at most and at last, and requests a second."""
    drawn = uploads()
    order = np.random.default_rng(1).integers(0, len(drawn), REQUESTS)
    with mounted(folder, "localhost/quartet") as image, tempfile.TemporaryDirectory() as scratch:
        write_bundle(Path(scratch), image, 2048 * MIB, 2, {**dict.fromkeys(ALLOCATOR), **settings})
        with running(Path(scratch), Path(scratch, "log")) as container:
            with httpx.Client(base_url="http://127.0.0.1:8000") as client:
                wait_until_ready(client, 60)
            ready = int(container.status("VmRSS").split()[0])
            start = time.monotonic()
            send("http://127.0.0.1:8000", (drawn[index] for index in islice(order, REQUESTS)))
            seconds = time.monotonic() - start
            time.sleep(1)
            last, most = (int(container.status(field).split()[0]) for field in ("VmRSS", "VmHWM"))
            return ready, most, last, REQUESTS / seconds


def main(folder: Path) -> None:
    """Print a table. Each container's network is entered by a process of its own."""
    print("| allocator | ready, MiB | most | after | requests a second |\n| --- | --- | --- | --- | --- |", flush=True)
    for name, settings in SETTINGS.items():
        with get_context("spawn").Pool(1) as pool:
            ready, most, last, rate = pool.apply(measure, (folder, settings))
        print(f"| {name} | {ready // 1024} | {most // 1024} | {last // 1024} | {rate:.0f} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
