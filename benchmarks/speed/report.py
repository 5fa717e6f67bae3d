"""Writes the figures into `docs/benchmarks.md`, between its two marks, and plots them beside it."""

from pathlib import Path
from typing import Any

from benchmarks.speed.contenders import CONTENDERS, contender_named
from benchmarks.speed.growth import efficiency
from benchmarks.speed.measuring import LIMIT

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PLOT = "benchmarks.png"

Json = dict[str, Any]


def write_report(page: Path, results: Json) -> None:
    """Replace what lies between the page's marks by the tables of the parts that were measured.

    Raises:
        ValueError: the page lacks its marks.
    """
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"{page} lacks the marks {BEGIN} and {END}")
    writers = {
        "pictures": _pictures,
        "small": _small,
        "batch": _batch,
        "growth": _growth,
        "start": _start,
        "memory": _memory,
    }
    tables = [write(results[part]) for part, write in writers.items() if part in results]
    if "pictures" in results:
        _plot(page.with_name(PLOT), results["pictures"]["figures"])
    body = "\n\n".join([f"Measured on {results['machine']}.", *tables])
    page.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")


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
    title = "### An X-ray (JPEG, 1664 x 1280) to an answer\n\nRequests a second; p50 / p99 in ms."
    return f"{title} {limit}{alone_text}\n\n" + "\n".join(rows) + f"\n\n![Throughput and latency]({PLOT})"


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
    return "### Small inputs, against a FastAPI route that echoes the same body\n\n" + "\n".join(rows)


def _batch(part: Json) -> str:
    share = part["pictures_per_second"] / part["limit"]
    return (
        "### Batches of 64 X-rays\n\n"
        f"{part['pictures_per_second']:.1f} pictures a second, {share:.2f} of the {part['limit']:.1f} in process."
    )


def _start(part: Json) -> str:
    rows = ["| engine | ready after | memory, all four models |", "| --- | --- | --- |"]
    for service in part["services"]:
        title = contender_named(service["contender"]).title
        rows.append(f"| {title} | {service['ready_seconds']:.1f} s | {service['resident_bytes'] / 2**20:.0f} MiB |")
    size = part["environment_bytes"] / 1e6
    return "### Starting\n\n" + "\n".join(rows) + f"\n\nThe environment takes {size:,.0f} MB of disk."


def _growth(part: Json) -> str:
    rows = ["| | one | two | share of twice as many |", "| --- |" + " --- |" * 3]
    for name, (one, two) in part["rates"].items():
        rows.append(f"| {name} | {one:,.1f} | {two:,.1f} | {efficiency(one, two):.2f} |")
    note = (
        f"Requests a second, {part['clients']} clients. The load generator runs on the same cores: beside two it takes "
        "its time from them, beside one it does not."
    )
    return f"### From one worker or process to two\n\n{note}\n\n" + "\n".join(rows)


def _memory(part: Json) -> str:
    figure = part["figure"]
    return (
        f"### Memory over {part['requests']:,} requests\n\n"
        f"{part['first_mib']:.0f} MiB at first, {part['last_mib']:.0f} MiB at last, {part['peak_mib']:.0f} MiB at "
        f"most; over the last three quarters {part['mib_per_10000']:+.2f} MiB each 10,000 requests. "
        f"Of 20 requests nine were digits, nine texts and two X-rays, from {figure['concurrency']} clients: "
        f"{figure['per_second']:.0f} a second, {figure['refused']:.1%} refused."
    )


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
