import pytest

from benchmarks.speed.report import SECTIONS, write_report

RESULTS = {
    "pictures": {
        "figures": [
            {"contender": "limit", "concurrency": 2, "per_second": 150.0, "p50": 12.0, "p99": 15.0},
            {"contender": "limit", "concurrency": 1, "per_second": 80.0, "p50": 12.5, "p99": 15.0},
            {"contender": "quartet-openvino", "concurrency": 16, "per_second": 140.0, "p50": 110.0, "p99": 150.0},
            {
                "contender": "bentoml",
                "concurrency": 16,
                "per_second": 30.0,
                "p50": 500.0,
                "p99": 900.0,
                "refused": 0.0125,
            },
        ],
        "failures": {"mlserver": "does not answer"},
    },
    "small": {
        "figures": [
            {"contender": "echo-digit", "concurrency": 1, "per_second": 4000.0, "p50": 0.2, "p99": 0.3},
            {"contender": "digit", "concurrency": 1, "per_second": 1000.0, "p50": 1.0, "p99": 1.5},
        ]
    },
    "batch": {"pictures_per_second": 96.0, "limit": 100.0},
    "start": {
        "services": [{"contender": "quartet-openvino", "ready_seconds": 2.25, "resident_bytes": 300 * 2**20}],
        "environment_bytes": 1_600_000_000,
    },
    "growth": {"clients": 16, "rates": {"X-rays": [80.0, 120.0], "in process": [80.0, 160.0]}},
    "memory": {
        "requests": 100_000,
        "figure": {"concurrency": 16, "per_second": 512.0, "refused": 0.0},
        "first_mib": 300.0,
        "last_mib": 330.0,
        "peak_mib": 345.0,
        "mib_per_10000": 0.125,
    },
}


@pytest.fixture
def page(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("# Before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n")
    return page


def test_the_figures_replace_what_lies_between_the_marks_and_leave_the_rest(page):
    for part, result in reversed(RESULTS.items()):
        write_report(page, part, result, "On 2 cores.")
    text = page.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    for part in ("| 140.0; 110 / 150 |", "150.0 pictures a second", "12.5 ms", "not measured: does not answer"):
        assert part in text
    for part in ("| digit | 1 | 1000 | 1.00 / 1.50 | 0.25 |", "0.96 of the 100.0", "| 2.2 s | 300 MiB |", "1,600 MB"):
        assert part in text
    for part in ("| 30.0; 500 / 900; 1.2% refused |", "| 80.0 | 120.0 | 0.75 |", "| 80.0 | 160.0 | 1.00 |"):
        assert part in text
    for part in ("Over 100,000 requests", "345 MiB at most", "+0.12 MiB each 10,000", "512 a second, 0.0% refused"):
        assert part in text
    assert page.with_name("benchmarks.png").read_bytes().startswith(b"\x89PNG")
    headings = [line for line in text.splitlines() if line.startswith("### ")]
    assert headings == [f"### {heading}" for heading, _ in SECTIONS.values()]
    assert text.count("On 2 cores.") == len(SECTIONS)


def test_what_is_not_measured_anew_stays_as_it_was(page):
    for part, result in RESULTS.items():
        write_report(page, part, result, "On Monday.")
    before = page.read_text()
    write_report(page, "batch", {"pictures_per_second": 55.0, "limit": 100.0}, "On Tuesday.")
    assert page.read_text() == before.replace("96.0 pictures", "55.0 pictures").replace("0.96 of", "0.55 of").replace(
        "in process.\n\nOn Monday.", "in process.\n\nOn Tuesday."
    )


def test_a_page_without_marks_is_not_touched(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("# A page\n")
    with pytest.raises(ValueError, match="lacks the marks"):
        write_report(page, "batch", RESULTS["batch"], "On 2 cores.")
    assert page.read_text() == "# A page\n"
