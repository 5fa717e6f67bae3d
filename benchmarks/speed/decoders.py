"""How fast JPEG decoders read the X-ray as the model takes it: `python -m benchmarks.speed.decoders [--markdown]`.

Some are not among the project's dependencies. To have them measured:
`uv pip install simplejpeg opencv-python-headless PyTurboJPEG`. PyTurboJPEG also needs the system's libturbojpeg 3;
with version 2, as Debian 12 has it (`apt install libturbojpeg0`), install `"PyTurboJPEG<2"`.

The decoders take turns, so that whatever else the machine does falls on all alike.
"""

import argparse
import io
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.inputs.image import read_image
from app.inputs.limits import InputLimits
from app.inputs.spec import ImageSpec
from benchmarks.speed.inputs import xray_jpeg
from benchmarks.speed.table import table

SPEC = ImageSpec(mode="L", height=224, width=224, resize="bicubic")
REPEATS = 40
REDUCED = (2, 4)
HEAD = ("decoder", "ms, fastest", "ms, middle", "ms of CPU, middle", "pixels off, mean", "at most")

Reader = Callable[[bytes], NDArray[np.uint8]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print each reader's fastest and middle time, and how far its pixels are from those of a whole decode."""
    parser = argparse.ArgumentParser(prog="benchmarks.speed.decoders", description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--markdown", action="store_true", help="print a table for docs/benchmarks.md")
    options = parser.parse_args(arguments)
    found, absent = readers()
    print(table(HEAD, measure(found, xray_jpeg(), options.repeats), options.markdown))
    for name, why in absent.items():
        print(f"\nnot measured: {name}: {why}")


def measure(found: dict[str, Reader], content: bytes, repeats: int) -> list[tuple[str, ...]]:
    """Return a row for each reader."""
    whole = _whole(content).astype(int)
    wall: dict[str, list[float]] = {name: [] for name in found}
    cpu: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(repeats):
        for name, read in found.items():
            started, started_cpu = time.perf_counter(), time.process_time()
            read(content)
            wall[name].append((time.perf_counter() - started) * 1e3)
            cpu[name].append((time.process_time() - started_cpu) * 1e3)
    rows: list[tuple[str, ...]] = []
    for name, read in found.items():
        off = np.abs(read(content).reshape(whole.shape).astype(int) - whole)
        figures = (min(wall[name]), np.median(wall[name]), np.median(cpu[name]), off.mean())
        rows.append((name, *(f"{figure:.2f}" for figure in figures), f"{off.max()}"))
    return rows


def readers() -> tuple[dict[str, Reader], dict[str, str]]:
    """Return the readers that are installed, ours first, and why each of the others cannot be used.

    A reduced decode makes a picture of 1/2 or 1/4 of the width and the height, which is then resized.
    """
    found: dict[str, Reader] = {
        "Pillow, reduced (ours)": lambda content: read_image(content, SPEC, InputLimits()),
        "Pillow, whole": _whole,
    }
    absent = {}
    decoders: dict[str, Callable[[], Callable[[bytes, int], NDArray[np.uint8]]]] = {
        "Pillow, draft": lambda: _draft,
        "simplejpeg": _simplejpeg,
        "PyTurboJPEG": _turbojpeg,
        "OpenCV": _opencv,
    }
    for name, load in decoders.items():
        try:
            decode = load()
        # PyTurboJPEG raises a RuntimeError where it finds no library, or an older one than it needs.
        except (ImportError, RuntimeError) as error:
            absent[name] = str(error).partition("\n")[0]
            continue
        found |= {f"{name}, 1/{scale}": partial(_fitted, decode, scale) for scale in REDUCED}
    return found, absent


def _whole(content: bytes) -> NDArray[np.uint8]:
    return _resized(Image.open(io.BytesIO(content)).convert("L"))


def _fitted(decode: Callable[[bytes, int], NDArray[np.uint8]], scale: int, content: bytes) -> NDArray[np.uint8]:
    return _resized(Image.fromarray(decode(content, scale)))


def _resized(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image.resize((SPEC.width, SPEC.height), Image.Resampling.BICUBIC))


def _draft(content: bytes, scale: int) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(content))
    image.draft("L", (image.width // scale, image.height // scale))
    return np.asarray(image)


def _simplejpeg() -> Callable[[bytes, int], NDArray[np.uint8]]:
    library: Any = import_module("simplejpeg")

    def decode(content: bytes, scale: int) -> NDArray[np.uint8]:
        height, width, *_ = library.decode_jpeg_header(content)
        return library.decode_jpeg(content, "GRAY", min_height=height // scale, min_width=width // scale)[..., 0]

    return decode


def _turbojpeg() -> Callable[[bytes, int], NDArray[np.uint8]]:
    library: Any = import_module("turbojpeg")
    decoder = library.TurboJPEG()
    return lambda content, scale: decoder.decode(content, pixel_format=library.TJPF_GRAY, scaling_factor=(1, scale))[
        ..., 0
    ]


def _opencv() -> Callable[[bytes, int], NDArray[np.uint8]]:
    library: Any = import_module("cv2")
    library.setNumThreads(1)
    flags = {scale: getattr(library, f"IMREAD_REDUCED_GRAYSCALE_{scale}") for scale in REDUCED}
    return lambda content, scale: library.imdecode(np.frombuffer(content, np.uint8), flags[scale])


if __name__ == "__main__":
    main()
