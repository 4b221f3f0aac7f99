"""Time this engine beside a hand-written loop, OpenMDAO and GEMSEO, on the same work."""

import argparse
import datetime as dt
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.engine import growth, headline, measuring, table
from benchmarks.engine.measuring import Measured
from benchmarks.engine.peers import NoPeersError, python_of_peers
from benchmarks.engine.rows import CONTENDERS, HEADS, PEERS, ROWS, Row, best_ring

RESULTS = Path(__file__).resolve().parents[1] / "RESULTS.md"


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench engine", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one short round at a tenth of the sizes; nothing is kept"
    )
    parser.add_argument("--row", action="append", choices=[row.key for row in ROWS], help="only this row")
    parser.add_argument("--rounds", type=int, default=2, help="how often, in fresh processes")
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has GEMSEO and OpenMDAO")
    parser.add_argument("--no-peers", action="store_true", help="limit, floor and this engine only")
    parser.add_argument("--no-growth", action="store_true", help="leave the growth out")
    parser.add_argument("--seconds", type=float, default=270.0, help="after these no more growth is begun")
    parser.add_argument("--no-save", action="store_true", help=f"leave {RESULTS.name} as it is")
    return parser.parse_args(arguments)


def interpreters(chosen: argparse.Namespace) -> dict[str, str]:
    """The Python of every contender; without the peers where they cannot be had."""
    pythons = dict.fromkeys(CONTENDERS[:3], sys.executable)
    if chosen.no_peers:
        return pythons
    try:
        return pythons | dict.fromkeys(PEERS, chosen.peers or python_of_peers())
    except NoPeersError as error:
        print(f"without the peers: {error}", file=sys.stderr)
        return pythons


def wanted(chosen: argparse.Namespace) -> list[Row]:
    rows = [row for row in ROWS if not chosen.row or row.key in chosen.row]
    # a peer imports for five seconds before it optimises
    return [row.smaller() for row in rows if row.key != "optimum"] if chosen.quick else rows


def machine() -> str:
    """What it ran on, without a name."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(
            (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model
        )
    except OSError:
        pass
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores ({model}{load}), {platform.system()}, CPython {platform.python_version()}"


def versions(measured: Measured) -> str:
    told = []
    for name in ("ours", *PEERS):
        found = measured.versions.get(name, {})
        if found and name != "gemseo_tuned":
            packages = ", ".join(f"{package} {version}" for package, version in found.items())
            told.append(f"{HEADS.get(name, name)}: {packages}")
    return "; ".join(told)


def faults(measured: Measured) -> str:
    """What is not in the table, and why."""
    lines = [f"- {row}, {name}: {text}" for (row, name), text in sorted(measured.faults.items())]
    return "\n".join(["Not timed:", "", *lines]) if lines else ""


def more_figures(measured: Measured, points: Sequence[growth.Point]) -> list[Sequence[str]]:
    """Figures that are of more than one row."""
    lines: list[Sequence[str]] = []

    def add(work: str, text: str, value: float, limit: float, *, at_least: bool = False) -> None:
        met = value >= limit if at_least else value <= limit
        lines.append([work, text, table.number(value), table.MET if met else table.MISSED])

    medians = measured.medians
    ring = best_ring(medians)
    if ring:
        add(
            "best solver of that ring",
            "8 x faster than the faster peer's best",
            ring[1] / ring[0],
            8,
            at_least=True,
        )
    lines.extend(dice_figures(medians, measured.notes.get("dice", {})))
    for point in points:
        found = point.found["ours"]
        limit = {1000: 15.0, 100_000: 3000.0}.get(point.size)
        if point.growth.row not in ("chain", "dag") or limit is None or "build_ms" not in found:
            continue
        work = f"build of {point.growth.label}, {point.size:,}"
        add(work, f"at most {limit:g} ms", found["build_ms"], limit)
        if point.size >= 10_000:
            add(work, "under 3 KB a discipline", found["memory"] / point.size / 1024, 3.0)
    return lines


def dice_figures(
    medians: Mapping[str, Mapping[str, float]], notes: Mapping[str, float]
) -> list[Sequence[str]]:
    times = medians.get("dice", {})
    if not {"ours", "floor"} <= times.keys():
        return []
    share = 1.0 - times["floor"] / times["ours"]
    figures = (
        ("engine share under 15 % of the time", share, 0.15),
        ("converged to 1e-10", notes.get("residual", 1.0), 1e-10),
        ("all 100 periods within 1e-9 of the reference", notes.get("error", 1.0), 1e-9),
    )
    return [
        ["DICE-2016R", text, table.number(value), table.MET if value <= limit else table.MISSED]
        for text, value, limit in figures
    ]


def report(
    measured: Measured, points: Sequence[growth.Point], said: str, rows: Sequence[Row], started: float
) -> str:
    """Everything as Markdown."""
    when = dt.datetime.now(dt.UTC).date().isoformat()
    command = " ".join(["./dev bench engine", *sys.argv[1:]])
    parts = [
        "# The engine beside its peers",
        f"{when}, `{command}`, {time.perf_counter() - started:.0f} s, {machine()}.",
        f"{versions(measured)}.",
        __doc_of_table__,
        "## Times",
        table.times_table(rows, measured.medians),
        faults(measured),
        "## Figures",
        table.figures_table(rows, measured.medians, more_figures(measured, points)),
        "## A loop coupled by tables alone",
        said,
    ]
    if points:
        parts += ["## Growth", growth.NOTE, growth.table(points)]
    return "\n\n".join(part for part in parts if part) + "\n"


__doc_of_table__ = """\
**limit** is a hand-written loop over the same maths, **floor** a hand-written loop over objects with
`run(dict) -> dict`, without any framework. **ours** runs as in production: followed by an observer, its
progress kept, asked to stop before every discipline, all outputs checked. **GEMSEO tuned** has grammars that
check nothing, no validation, no cache, no statistics, no status, and an order given by hand. Medians of
slices of interleaved rounds in fresh processes; every execution has another input, nobody is timed whose
answer differs, times are of the processor, and all have one thread of linear algebra and the same thresholds
of the memory allocator. Compare numbers of one run only."""


def main() -> int:
    started, chosen = time.perf_counter(), options(sys.argv[1:])
    pythons, rows = interpreters(chosen), wanted(chosen)
    rounds, passes, seconds = (1, 1, 0.03) if chosen.quick else (chosen.rounds, 3, 0.08)
    measured = measuring.measure(rows, pythons, rounds=rounds, passes=passes, seconds=seconds)
    partial = chosen.quick or chosen.row or chosen.no_growth
    points = (
        []
        if chosen.no_growth or chosen.row
        else growth.measure(pythons, quick=chosen.quick, most_seconds=chosen.seconds)
    )
    text = report(measured, points, headline.table(headline.measure(pythons)), rows, started)
    print(text)
    if not partial and not chosen.no_save:
        RESULTS.write_text(text, "utf-8")
        print(f"kept in {RESULTS}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
