"""Writes the figures into `docs/benchmarks.md`, between its two marks, and plots them beside it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.speed.contenders import CONTENDERS, contender_named
from benchmarks.speed.growth import efficiency
from benchmarks.speed.measuring import LIMIT

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PLOT = "benchmarks.png"

Json = dict[str, Any]


def write_report(page: Path, part: str, result: Json, circumstances: str) -> None:
    """Replace a part's section between the page's marks; those of other parts stay as they were measured.

    Args:
        page: the page.
        part: one of `SECTIONS`.
        result: what was measured.
        circumstances: a sentence for below it: when, and on what machine.

    Raises:
        ValueError: the page lacks its marks.
    """
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    figures, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"{page} lacks the marks {BEGIN} and {END}")
    heading, write = SECTIONS[part]
    sections = _sections_of(figures) | {heading: f"{write(result)}\n\n{circumstances}"}
    if part == "pictures":
        _plot(page.with_name(PLOT), result["figures"])
    body = "\n\n".join(f"### {name}\n\n{sections[name]}" for name, _ in SECTIONS.values() if name in sections)
    page.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")


def _sections_of(figures: str) -> dict[str, str]:
    """Return what lies below each heading."""
    _, *sections = re.split(r"^### ", figures, flags=re.MULTILINE)
    return {heading: body.strip() for heading, _, body in (section.partition("\n") for section in sections)}


def _pictures(part: Json) -> str:
    figures = {(figure["contender"], figure["concurrency"]): figure for figure in part["figures"]}
    limits = [figure for figure in part["figures"] if figure["contender"] == LIMIT]
    top = max((figure["per_second"] for figure in limits), default=None)
    counts = sorted({count for name, count in figures if name != LIMIT})
    names = list(dict.fromkeys(name for name, _ in figures if name != LIMIT))
    head = "| server | " + " | ".join(f"{count} client{'s' * (count > 1)}" for count in counts) + " | settings |"
    rows = [head, "| --- |" + " --- |" * (len(counts) + 1)]
    for name in names:
        contender = contender_named(name)
        cells = [_cell(figures.get((name, count))) for count in counts]
        rows.append(f"| {contender.title} | " + " | ".join(cells) + f" | {contender.settings} |")
    rows += [f"| {contender_named(name).title} | not measured: {why[:120]} |" for name, why in part["failures"].items()]
    limit = f"In process, without HTTP: {top:.1f} pictures a second on all cores" if top else ""
    alone = min(limits, key=lambda figure: figure["concurrency"])["p50"] if limits else None
    alone_text = f"; one alone takes {alone:.1f} ms." if alone else "."
    return (
        f"Requests a second; p50 / p99 in ms. {limit}{alone_text}\n\n"
        + "\n".join(rows)
        + f"\n\n![Throughput and latency]({PLOT})"
    )


def _cell(figure: Json | None) -> str:
    if not figure:
        return "-"
    refused = f"; {figure['refused']:.1%} refused" if figure.get("refused") else ""
    return f"{figure['per_second']:.1f}; {figure['p50']:.0f} / {figure['p99']:.0f}{refused}"


def _small(part: Json) -> str:
    figures = {(figure["contender"], figure["concurrency"]): figure for figure in part["figures"]}
    rows = ["| input | clients | requests a second | p50 / p99 in ms | share of the echo's |", "| --- |" + " --- |" * 4]
    for (name, count), figure in figures.items():
        if not name.startswith("echo-"):
            share = figure["per_second"] / figures[f"echo-{name}", count]["per_second"]
            latency = f"{figure['p50']:.2f} / {figure['p99']:.2f}"
            rows.append(f"| {name} | {count} | {figure['per_second']:.0f} | {latency} | {share:.2f} |")
    return "\n".join(rows)


def _batch(part: Json) -> str:
    share = part["pictures_per_second"] / part["limit"]
    return f"{part['pictures_per_second']:.1f} pictures a second, {share:.2f} of the {part['limit']:.1f} in process."


def _start(part: Json) -> str:
    rows = ["| engine | ready after | memory, all four models |", "| --- | --- | --- |"]
    for service in part["services"]:
        title = contender_named(service["contender"]).title
        rows.append(f"| {title} | {service['ready_seconds']:.1f} s | {service['resident_bytes'] / 2**20:.0f} MiB |")
    size = part["environment_bytes"] / 1e6
    return "\n".join(rows) + f"\n\nThe environment takes {size:,.0f} MB of disk."


def _growth(part: Json) -> str:
    rows = ["| | one | two | share of twice as many |", "| --- |" + " --- |" * 3]
    for name, (one, two) in part["rates"].items():
        rows.append(f"| {name} | {one:,.1f} | {two:,.1f} | {efficiency(one, two):.2f} |")
    note = (
        f"Requests a second, {part['clients']} clients. The load generator runs on the same cores: beside two it takes "
        "its time from them, beside one it does not."
    )
    return f"{note}\n\n" + "\n".join(rows)


def _memory(part: Json) -> str:
    figure = part["figure"]
    return (
        f"Over {part['requests']:,} requests: {part['first_mib']:.0f} MiB at first, {part['last_mib']:.0f} MiB at "
        f"last, {part['peak_mib']:.0f} MiB at most; over the last three quarters {part['mib_per_10000']:+.2f} MiB each "
        "10,000 requests. "
        f"Of 20 requests nine were digits, nine texts and two X-rays, from {figure['concurrency']} clients: "
        f"{figure['per_second']:.0f} a second, {figure['refused']:.1%} refused."
    )


SECTIONS: dict[str, tuple[str, Callable[[Json], str]]] = {
    "pictures": ("An X-ray (JPEG, 1664 x 1280) to an answer", _pictures),
    "small": ("Small inputs, against a FastAPI route that echoes the same body", _small),
    "batch": ("Batches of 64 X-rays", _batch),
    "growth": ("From one worker or process to two", _growth),
    "start": ("Starting", _start),
    "memory": ("Memory over many requests", _memory),
}
"""The heading of each part's section, and what writes it, in their order on the page."""


def _plot(path: Path, figures: list[Json]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    canvas, (rate, latency) = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for contender in CONTENDERS:
        own = sorted((f for f in figures if f["contender"] == contender.name), key=lambda f: f["concurrency"])
        if not own:
            continue
        counts = [figure["concurrency"] for figure in own]
        [line] = rate.plot(counts, [figure["per_second"] for figure in own], marker="o", label=contender.title)
        latency.plot(counts, [figure["p50"] for figure in own], color=line.get_color(), marker="o")
        latency.plot(counts, [figure["p99"] for figure in own], color=line.get_color(), marker="^", linestyle=":")
    limits = [figure["per_second"] for figure in figures if figure["contender"] == LIMIT]
    if limits:
        rate.axhline(max(limits), color="black", linewidth=1, linestyle="--", label="in process, all cores")
    rate.set(xlabel="clients", ylabel="requests a second", xscale="log", ylim=(0, None))
    latency.set(xlabel="clients", ylabel="ms (p50 solid, p99 dotted)", xscale="log", yscale="log")
    for axes in (rate, latency):
        axes.set_xticks([1, 4, 16, 64], ["1", "4", "16", "64"])
        axes.grid(alpha=0.3)
    rate.legend(fontsize=8)
    canvas.savefig(path, dpi=110)
    pyplot.close(canvas)
