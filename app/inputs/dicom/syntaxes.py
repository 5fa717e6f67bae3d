"""The transfer syntaxes: how a DICOM file's elements and pixels are written (PS3.5, annex A; PS3.6, table A-1)."""

from dataclasses import dataclass
from typing import Literal

from app.inputs.dicom.elements import EXPLICIT, IMPLICIT, Encoding

Compression = Literal["JPEG, 8 bits", "JPEG, 12 bits", "JPEG, lossless", "JPEG-LS", "JPEG 2000", "RLE"]


@dataclass(frozen=True)
class TransferSyntax:
    """One that is read. `compression` is None where the pixels lie there as they are."""

    name: str
    encoding: Encoding = EXPLICIT
    compression: Compression | None = None
    is_deflated: bool = False


READ: dict[str, TransferSyntax] = {
    "1.2.840.10008.1.2": TransferSyntax("Implicit VR Little Endian", IMPLICIT),
    "1.2.840.10008.1.2.1": TransferSyntax("Explicit VR Little Endian"),
    "1.2.840.10008.1.2.1.99": TransferSyntax("Deflated Explicit VR Little Endian", is_deflated=True),
    "1.2.840.10008.1.2.2": TransferSyntax("Explicit VR Big Endian", Encoding(is_explicit=True, order="big")),
    "1.2.840.10008.1.2.4.50": TransferSyntax("JPEG Baseline (Process 1)", compression="JPEG, 8 bits"),
    "1.2.840.10008.1.2.4.51": TransferSyntax("JPEG Extended (Process 2 and 4)", compression="JPEG, 12 bits"),
    "1.2.840.10008.1.2.4.57": TransferSyntax("JPEG Lossless (Process 14)", compression="JPEG, lossless"),
    "1.2.840.10008.1.2.4.70": TransferSyntax("JPEG Lossless, First-Order Prediction", compression="JPEG, lossless"),
    "1.2.840.10008.1.2.4.80": TransferSyntax("JPEG-LS Lossless", compression="JPEG-LS"),
    "1.2.840.10008.1.2.4.81": TransferSyntax("JPEG-LS Near-Lossless", compression="JPEG-LS"),
    "1.2.840.10008.1.2.4.90": TransferSyntax("JPEG 2000 Lossless Only", compression="JPEG 2000"),
    "1.2.840.10008.1.2.4.91": TransferSyntax("JPEG 2000", compression="JPEG 2000"),
    "1.2.840.10008.1.2.5": TransferSyntax("RLE Lossless", compression="RLE"),
}
"""By UID."""

OTHERS: dict[str, str] = {
    "1.2.840.10008.1.2.1.98": "Encapsulated Uncompressed Explicit VR Little Endian",
    **dict.fromkeys(
        (f"1.2.840.10008.1.2.4.{number}" for number in (*range(52, 57), *range(58, 67))), "a retired process of JPEG"
    ),
    **dict.fromkeys(("1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.93"), "JPEG 2000 of several components"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in (94, 95, 204, 205)), "JPIP, which only refers to"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in range(100, 109)), "a video"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in range(110, 113)), "JPEG XL"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in range(201, 204)), "High-Throughput JPEG 2000"),
}
"""Those that are known and not read, by UID, as a message names them."""
