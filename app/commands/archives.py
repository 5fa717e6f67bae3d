"""The options of `quartet score` that name a DICOMweb server, and the source that they stand for."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.errors import ConfigurationError
from app.scoring.items import Source

# It needs httpx, of the extra `score`.
if TYPE_CHECKING:
    import httpx

TOKEN = "QUARTET_DICOMWEB_TOKEN"  # noqa: S105 - a variable's name
USER = "QUARTET_DICOMWEB_USER"


def add_archive_options(parser: argparse.ArgumentParser) -> None:
    """Add which server's radiographs are read, and which of them."""
    group = parser.add_argument_group(
        "DICOMweb server",
        f"Credentials come from the environment: {TOKEN}, or NAME:PASSWORD in {USER}. Inputs are named by their SOP "
        "Instance UID.",
    )
    group.add_argument("--dicomweb", metavar="URL", help="read a server's radiographs: https://HOST/dicom-web")
    group.add_argument("--study", metavar="UID", help="only that study (default: all)")
    group.add_argument("--series", metavar="UID", help="only that series of the study (default: all)")
    group.add_argument(
        "--modality",
        action="append",
        default=[],
        metavar="CODE",
        help="only series of that modality; may be given several times, ANY for all (default: CR, DX, CXR)",
    )


@contextmanager
def archive_of(options: argparse.Namespace, max_bytes: int) -> Iterator[Source | None]:
    """Give the source that the options name, None without a server; it can be read until the end of the block.

    Raises:
        ConfigurationError: the options do not fit together, or are no address or UID.
        ModuleNotFoundError: httpx is not installed.
    """
    if options.dicomweb is None:
        if options.study or options.series or options.modality:
            raise ConfigurationError("--study, --series and --modality choose from a server: they need --dicomweb")
        yield None
        return
    from app.scoring.dicomweb import RADIOGRAPHS, DicomWebSource, dicomweb_client

    modalities = () if "ANY" in options.modality else tuple(options.modality) or RADIOGRAPHS
    with dicomweb_client(options.dicomweb, _credentials()) as client:
        yield DicomWebSource(client, max_bytes, modalities, options.study, options.series)


def _credentials() -> "httpx.Auth | None":
    import httpx

    from app.scoring.dicomweb import BearerAuth

    if token := os.environ.get(TOKEN):
        return BearerAuth(token)
    if user := os.environ.get(USER):
        name, _, password = user.partition(":")
        return httpx.BasicAuth(name, password)
    return None
