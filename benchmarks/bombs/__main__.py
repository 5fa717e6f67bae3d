"""`python -m benchmarks.bombs`: what each hostile picture costs, and what the largest that are read do, as tables."""

from collections.abc import Callable, Mapping

from benchmarks.bombs.cost import costs
from benchmarks.bombs.dicom import DICOM_BOMBS, DICOM_LARGEST
from benchmarks.bombs.files import BOMBS, LARGEST


def main() -> None:
    """Print a row a picture."""
    _print_table("picture", {**BOMBS, **DICOM_BOMBS})
    print()
    _print_table("picture of 49 million pixels", {**LARGEST, **DICOM_LARGEST})


def _print_table(title: str, pictures: Mapping[str, Callable[[], bytes]]) -> None:
    print(f"| {title} | bytes | answer | ms | extra MiB |\n| --- | ---: | --- | ---: | ---: |")
    for name, data, cost in costs(pictures):
        row = name, f"{len(data):,}", cost.answer, f"{cost.milliseconds:.1f}", f"{cost.extra_mib:.1f}"
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
