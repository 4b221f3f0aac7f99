"""What was measured as a page of Markdown, and as JSON."""

import dataclasses
import datetime as dt
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engine import growth, growth_table, headline, table
from benchmarks.engine.figures import reached
from benchmarks.engine.markdown import markdown as markdown_table
from benchmarks.engine.measuring import Measured, first_of
from benchmarks.engine.rows import HEADS, PEERS, Row

SET_UP = """\
**limit** is a hand-written loop over the same maths, **floor** a hand-written loop over objects with
`run(dict) -> dict`, without any framework: what an engine with such disciplines must spend.
**ours** runs as in production: followed by an observer, its progress kept, asked to stop before every
discipline, all outputs checked.
**OpenMDAO**: explicit components with analytic partials as its documentation shows; reports and printing
off, derivatives set up only where they are asked for; samples are a loop over one problem, which is quicker
than its driver.
**GEMSEO** as it comes: default grammars, caches, validation and status, `MDAChain`; for tables `MDOChain`
and `SimpleGrammar`, since its default types know none; for derivatives `MDOChain`, since the adjoint of an
`MDAChain` takes ten times as long. **GEMSEO tuned** has grammars that check nothing, no validation, no
cache, no statistics, no status, and an order given by hand instead of found."""
BESIDE_INTRO = "What each does beside the maths differs, and is part of what is compared:"
BESIDE_HEAD = ("a run", "limit", "floor", "ours", "OpenMDAO", "GEMSEO", "GEMSEO tuned")
BESIDE = (
    ("keeps every output", "no", "yes", "yes", "yes (a)", "yes, and in caches", "yes (a)"),
    ("checks the types of all outputs", "no", "no", "yes", "shapes", "yes", "no"),
    ("finds NaN and infinity", "no", "no", "in all outputs", "no (b)", "no", "no"),
    ("finds inputs that were changed in place", "no", "no", "yes", "no", "no", "no"),
    ("can be stopped, tells its progress", "no", "no", "yes", "no", "status", "no"),
)
BESIDE_NOTES = """\
(a) Until the next run replaces them: OpenMDAO copies numbers into one vector that it has from the start, and
passes tables by reference. (b) Its solvers of loops see them in the norm of the residual. The limit of
arrays and tables lets go of each value, so that arrays stay in the processor's cache: compare engines with
the floor."""
TIMED = """\
All compute the same from the same start to the same tolerance (1e-10, each by its own residual); "best
acceleration" is Anderson for the limit and ours, Aitken for OpenMDAO, alternate 2-delta for GEMSEO. Each
has a process of its own with one thread of linear algebra and the same thresholds of the memory allocator.
Each builds and runs once before it is timed; its answer is compared with that of the loop by hand, and who
differs is not timed. Then contenders take turns in short slices, every execution with another input, in
rounds of fresh processes; whoever needs more than two seconds to build and run once is in the first round
only. A number is the median over slices of each one's lower decile, in milliseconds of processor time: nobody
waits for a disk or a network, and other programs on the machine count less. Figures are judged by the median
of the ratios of neighbouring slices. "build and first run" is one of each, without imports. `-`: does not
take part, for there is no such solver or model there."""
REPEAT = "To repeat: `{command}` (the first start installs the peers). Compare numbers of one run only."


@dataclass(frozen=True)
class Findings:
    """All that one run found out."""

    rows: Sequence[Row]
    measured: Measured
    points: Sequence[growth.Point]
    left_out: Sequence[str]
    said: Sequence[tuple[str, dict]]
    command: str
    seconds: float


def machine() -> str:
    """What it ran on, without a name."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        model = next(named, model)
        memory = os.sysconf("SC_PAGESIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    except (OSError, ValueError):
        memory = 0
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    size = f", {memory} GB" if memory else ""
    python = f"CPython {platform.python_version()}"
    return f"{os.cpu_count()} cores ({model}{size}{load}), {platform.system()}, {python}"


def markdown(found: Findings) -> str:
    """The page."""
    measured, rows = found.measured, found.rows
    when = dt.datetime.now(dt.UTC).date().isoformat()
    rounds = f"{measured.rounds} rounds" if measured.rounds > 1 else "1 round"
    parts = [
        "# The engine beside its peers",
        f"{when}, `{found.command}`, {rounds}, {found.seconds:.0f} s, {machine()}.",
        f"{_versions(measured)}.",
        REPEAT.format(command=found.command),
    ]
    if rows:
        parts += [
            "## Times",
            table.times_table(rows, measured),
            table.libraries_note(rows, measured),
            table.RATIOS,
        ]
    parts.append(_faults(measured))
    if figures := reached(rows, measured, found.points):
        parts += ["## Figures to reach", table.figures_table(figures)]
    if found.said:
        parts += ["## A loop coupled by tables alone", headline.table(found.said)]
    if found.points:
        parts += ["## Growth", growth_table.NOTE, growth_table.table(found.points)]
    if found.left_out:
        parts.append(f"**Not measured**, since there was no time left: {'; '.join(found.left_out)}.")
    beside = f"{BESIDE_INTRO}\n\n{markdown_table(BESIDE_HEAD, BESIDE)}\n\n{BESIDE_NOTES}"
    parts += ["## How it is measured", SET_UP, beside, TIMED]
    return "\n\n".join(part for part in parts if part) + "\n"


def as_json(found: Findings) -> str:
    """The same for programs."""
    measured = found.measured
    rows = [
        {
            "key": key,
            "work": label,
            "ms": measured.medians.get(key, {}),
            "slices": measured.slices.get(key, {}),
            "faults": {name: text for (row, name), text in measured.faults.items() if row == key},
        }
        for row in found.rows
        for key, label in ((row.key, row.label), (first_of(row), row.first))
        if label
    ]
    return json.dumps(
        {
            "machine": machine(),
            "seconds": round(found.seconds, 1),
            "rounds": measured.rounds,
            "versions": measured.versions,
            "rows": rows,
            "figures": [dataclasses.asdict(each) for each in reached(found.rows, measured, found.points)],
            "loop_of_tables": [{"solver": label, **answer} for label, answer in found.said],
            "growth": [_point(point) for point in found.points],
            "left_out": list(found.left_out),
        },
        indent=1,
    )


def _point(point: growth.Point) -> dict[str, Any]:
    return {
        "work": point.growth.label,
        "size": point.size,
        "contenders": point.found,
        "ratios": point.ratios,
    }


def _versions(measured: Measured) -> str:
    told = []
    for name in ("ours", *PEERS):
        found: Mapping[str, str] = measured.versions.get(name, {})
        if "python" in found and name != "gemseo_tuned":
            packages = ", ".join(f"{package} {version}" for package, version in found.items())
            told.append(f"{HEADS.get(name, name)}: {packages}")
    return "; ".join(told) or "No versions are known"


def _faults(measured: Measured) -> str:
    """What is not in the table, and why."""
    lines = [f"- {row}, {name}: {text}" for (row, name), text in sorted(measured.faults.items())]
    return "\n".join(["Fails:", "", *lines]) if lines else ""
