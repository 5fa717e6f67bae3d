"""The memory that containers are given is what docs/limits.md says that the worst pictures and bodies take."""

import re
from typing import NamedTuple

import pytest

from app.inputs.decoding import SMALL_PIXELS
from app.settings import Settings
from helpers.deployed import DEPLOY, PROJECT, SETTINGS, document, environment_of, settings_of

MIB = 2**20
UNDER_LOAD = 445 * MIB
"""The most that a load of ordinary X-rays took: docs/reliability.md."""
TABLE_PIXELS = 7_000 * 7_000
XRAY_PIXELS = 20_000_000
"""A large radiograph: 4,000 x 5,000."""
XRAY_BYTES = 2 * XRAY_PIXELS + 64 * 1024
"""Two bytes a pixel, nothing compressed, and a DICOM file's header."""


class Deployed(NamedTuple):
    settings: Settings
    memory: int
    temporary: int


def size(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([kmg]i?)", text.lower()).groups()
    return int(number) * 1024 ** ("kmg".index(unit[0]) + 1)


def settings_for(environment: dict[str, str | None], cores: float) -> Settings:
    known = {name: value for name, value in environment.items() if name in SETTINGS and value is not None}
    return settings_of(known | {"QUARTET_WORKERS": str(int(cores))})


def of_compose() -> Deployed:
    service = document(PROJECT / "docker-compose.yml")["services"]["quartet"]
    (temporary,) = service["tmpfs"]
    return Deployed(
        settings_for(service["environment"], service["cpus"]),
        size(service["mem_limit"]),
        size(re.search(r"size=(\w+)", temporary)[1]),
    )


def of_pod(pod: dict, settings: dict[str, str]) -> Deployed:
    (container,) = pod["containers"]
    limits = container["resources"]["limits"]
    (temporary,) = (volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if "emptyDir" in volume)
    return Deployed(
        settings_for(environment_of(container) | settings, float(limits["cpu"])),
        size(limits["memory"]),
        size(temporary),
    )


def of_kubernetes() -> Deployed:
    pod = document(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]["spec"]
    return of_pod(pod, document(DEPLOY / "kubernetes" / "settings.yaml")["data"])


def of_kserve() -> Deployed:
    return of_pod(document(DEPLOY / "kserve" / "inference-service.yaml")["spec"]["predictor"], {})


def bytes_of_a_pixel() -> float:
    """The most that docs/limits.md has for a pixel."""
    table = (PROJECT / "docs" / "limits.md").read_text().partition("| picture of 49 million pixels |")[2]
    extra = [float(row.split("|")[-2]) for row in table.splitlines() if row.count("|") == 6 and "read" in row]
    assert len(extra) > 10
    return max(extra) * MIB / TABLE_PIXELS


@pytest.mark.parametrize("deployed", [of_compose(), of_kubernetes(), of_kserve()], ids=["Compose", "pods", "KServe"])
def test_the_worst_pictures_and_bodies_fit_beside_a_load(deployed: Deployed) -> None:
    settings = deployed.settings
    # Pictures that wait for nobody may be decoded beside the large ones, on all workers but one.
    pixels = settings.max_decoding_pixels + (settings.workers - 1) * SMALL_PIXELS
    bodies = 2 * settings.max_bodies_bytes
    assert UNDER_LOAD + pixels * bytes_of_a_pixel() + bodies + deployed.temporary < deployed.memory


@pytest.mark.parametrize("deployed", [of_compose(), of_kubernetes(), of_kserve()], ids=["Compose", "pods", "KServe"])
def test_large_radiographs_are_taken_and_decoded_on_every_core(deployed: Deployed) -> None:
    settings = deployed.settings
    assert settings.max_body_bytes >= XRAY_BYTES
    assert settings.max_bodies_bytes >= settings.workers * settings.max_body_bytes
    assert settings.max_pixels >= XRAY_PIXELS
    assert settings.max_decoding_pixels >= settings.workers * XRAY_PIXELS
