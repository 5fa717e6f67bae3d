"""Run the image as an orchestrator would and ask it for answers: check.py FOLDER, after build.sh FOLDER.

Prints what was seen, and fails where it is not as docs/container.md says. Needs root and crun.
"""

import io
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import check_output

import httpx
import numpy as np
import yaml
from bundle import Image, mounted, write_bundle
from PIL import Image as Picture
from PIL import ImageDraw
from running import Running, running, wait_until_ready

GIB = 2**30
COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
TREES = ("usr", "usr/local", "opt/quartet")
ABSENT = (
    "bin/pip*",
    "bin/*gcc*",
    "bin/cc",
    *(f"lib/python3*/*-packages/{name}" for name in ("pip", "training", "keras")),
)
HEALTH = ("/opt/quartet/bin/python", "-I", "/usr/local/lib/quartet/healthcheck.py")


def _png(picture: Picture.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def drawn_digit() -> bytes:
    """Draw a 1 as a dark stroke on white."""
    page = Picture.new("L", (280, 280), 255)
    ImageDraw.Draw(page).line([(140, 60), (140, 220)], fill=0, width=24)
    return _png(page)


def drawn_picture() -> bytes:
    """Draw a picture of waves, 600 x 400."""
    rows, columns = np.mgrid[0:400, 0:600]
    waves = 127 + 60 * np.sin(columns / 30) + 60 * np.cos(rows / 40)
    return _png(Picture.fromarray(waves.astype(np.uint8)))


def vast_pictures() -> list[bytes]:
    """Draw what takes the most memory of all pictures that are read, 7,000 x 7,000: a WebP and a TIFF, each twice."""
    webp, tiff = io.BytesIO(), io.BytesIO()
    Picture.new("RGB", (7_000, 7_000)).save(webp, "WEBP", lossless=True, method=0)
    Picture.new("F", (7_000, 7_000)).save(tiff, "TIFF", compression="tiff_adobe_deflate")
    return [webp.getvalue(), tiff.getvalue()] * 2


def expect(holds: bool, what: str) -> None:
    """Print what was seen; end with status 1 where it does not hold."""
    print(f"{'ok ' if holds else 'NOT'} {what}", flush=True)
    if not holds:
        sys.exit(1)


def mib(path: Path) -> int:
    """Return what a file or folder takes on the disk, in MiB."""
    return int(check_output(["du", "-sxm", path], text=True).split()[0])


def check_contents(image: Image) -> None:
    """Look at what the image has, and what it tells of where it was built."""
    for pattern in ABSENT:
        found = [path.name for tree in TREES for path in image.root.glob(f"{tree}/{pattern}")]
        expect(not found, f"nothing like {pattern}" + (f": {', '.join(found)}" if found else ""))
    expect("://" not in str(image.history) + str(image.config), "no address in its history or configuration")
    for part in ("", "opt/quartet", "srv/quartet/models"):
        print(f"    {mib(image.root / part)} MiB in /{part}")
    packages = image.root.glob("opt/quartet/lib/python3*/site-packages/*")
    for size, name in sorted(((mib(package), package.name) for package in packages), reverse=True)[:8]:
        print(f"    {size} MiB in {name}")


def check_confinement(container: Running) -> None:
    """Look at what the kernel lets the service do."""
    expect(container.status("Uid").split() == ["10001"] * 4, "runs as 10001")
    expect(int(container.status("CapEff"), 16) == int(container.status("CapBnd"), 16) == 0, "without capabilities")
    expect(container.status("NoNewPrivs") == "1", "without a way to new ones")
    expect(container.execute("touch", "/srv/quartet/here").returncode != 0, "cannot write its root")
    expect(container.execute(*HEALTH).returncode == 0, "the image's health check says that it is well")


def check_answers(client: httpx.Client) -> None:
    """Ask every task."""
    digit = client.post("/predict/digit", content=drawn_digit()).raise_for_status().json()
    expect(digit["label"] == "1", f"a drawn 1 is a {digit['label']} ({digit['probability']})")
    text = client.post("/predict/topic", json={"text": "Oil prices rose after OPEC agreed to cut output."})
    expect(text.raise_for_status().json()["label"] == "crude", "news of oil is crude")
    for task in ("catdog", "pneumonia"):
        answer = client.post(f"/predict/{task}", content=drawn_picture()).raise_for_status().json()
        expect(answer["in_distribution"] is False, f"waves are no {task} ({answer['label']}, {answer['ood_score']})")
    heat = client.post("/explain/pneumonia", content=drawn_picture()).raise_for_status()
    expect(heat.headers["content-type"] == "image/png", f"a heat map of {len(heat.content):,} bytes")


def check_memory(container: Running, client: httpx.Client) -> None:
    """Ask about the worst pictures at once: they wait for each other, and the container's memory is enough."""
    with ThreadPoolExecutor(4) as clients:
        answers = clients.map(lambda picture: client.post("/predict/catdog", content=picture), vast_pictures())
        statuses = [answer.status_code for answer in answers]
    expect(
        statuses == [200] * 4,
        f"four pictures of 49 megapixels at once: {statuses}, {container.status('VmHWM')} at most",
    )


def check_stop(container: Running, client: httpx.Client) -> None:
    """Stop it under load: every request that it took is answered."""
    statuses: list[int | str] = []

    def ask() -> None:
        with httpx.Client(base_url=client.base_url, timeout=30) as own:
            for _ in range(100):
                try:
                    statuses.append(own.post("/predict/pneumonia", content=drawn_picture()).status_code)
                except httpx.ConnectError:
                    return
                except httpx.TransportError as error:
                    statuses.append(repr(error))

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for thread in clients:
        thread.start()
    time.sleep(2)
    status, seconds = container.stop(STOP_SECONDS)
    for thread in clients:
        thread.join()
    expect(status == 0, f"SIGTERM ends it with status {status} after {seconds:.1f} s")
    expect(set(statuses) == {200}, f"{len(statuses)} requests under way and before: {sorted(set(statuses), key=str)}")


def main(folder: Path) -> None:
    """Check the image of a folder."""
    with mounted(folder, "localhost/quartet") as image, tempfile.TemporaryDirectory() as scratch:
        check_contents(image)
        service = yaml.safe_load(COMPOSE.read_text())["services"]["quartet"]
        memory = int(service["mem_limit"].removesuffix("g")) * GIB
        write_bundle(Path(scratch), image, memory, service["cpus"], service["environment"])
        log = Path(scratch, "log")
        start = time.monotonic()
        with (
            running(Path(scratch), log) as container,
            httpx.Client(base_url="http://127.0.0.1:8000", timeout=30) as client,
        ):
            try:
                wait_until_ready(client, READY_SECONDS)
                print(f"    ready after {time.monotonic() - start:.1f} s, in {container.status('VmRSS')}")
                check_confinement(container)
                check_answers(client)
                check_memory(container, client)
                engines = {task["task"]: task["engine"] for task in client.get("/models").json()}
                print(f"    engines: {engines}")
                check_stop(container, client)
            finally:
                print(log.read_text()[-2000:])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
