"""How fast JPEG decoders read the X-ray as the model takes it: `python -m benchmarks.speed.decoders`.

simplejpeg and PyTurboJPEG are not among the project's dependencies: install them to have them measured.
"""

import contextlib
import io
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from PIL import Image

from app.inputs.image import read_image
from app.inputs.limits import InputLimits
from app.inputs.spec import ImageSpec
from benchmarks.speed.inputs import xray_jpeg

SPEC = ImageSpec(mode="L", height=224, width=224, resize="bicubic")
REPEATS = 40

Reader = Callable[[bytes], "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"]


def main() -> None:
    """Print each reader's fastest and middle time, and how far its pixels are from ours."""
    content = xray_jpeg()
    ours = read_image(content, SPEC, InputLimits()).astype(int)
    for name, read in readers().items():
        times = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            pixels = read(content)
            times.append((time.perf_counter() - started) * 1e3)
        off = np.abs(pixels.reshape(ours.shape).astype(int) - ours)
        print(
            f"{name:<24} {min(times):6.2f} ms, middle {np.median(times):6.2f} ms; "
            f"pixels off by {off.mean():.3f}, at most {off.max()}"
        )


def readers() -> dict[str, Reader]:
    """Return the readers that are installed, ours first."""
    found: dict[str, Reader] = {
        "Pillow, reduced (ours)": lambda content: read_image(content, SPEC, InputLimits()),
        "Pillow, whole": lambda content: _fitted(Image.open(io.BytesIO(content)).convert("L")),
    }
    if find_spec("simplejpeg"):
        import simplejpeg

        found["simplejpeg, reduced"] = lambda content: _fitted(
            Image.fromarray(
                simplejpeg.decode_jpeg(content, "GRAY", min_height=2 * SPEC.height, min_width=2 * SPEC.width)[..., 0]
            )
        )
    # It also needs the system's library.
    with contextlib.suppress(ImportError, RuntimeError):
        import turbojpeg

        decoder = turbojpeg.TurboJPEG()
        found["PyTurboJPEG, reduced"] = lambda content: _fitted(
            Image.fromarray(decoder.decode(content, pixel_format=turbojpeg.TJPF_GRAY, scaling_factor=(1, 2))[..., 0])
        )
    return found


def _fitted(image: Image.Image) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.asarray(image.resize((SPEC.width, SPEC.height), Image.Resampling.BICUBIC))


if __name__ == "__main__":
    main()
