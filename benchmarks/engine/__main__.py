"""Time this engine beside a hand-written loop, OpenMDAO and GEMSEO, on the same work.

The peers are installed into an environment of their own by the first start. A full run leaves nothing out:
it takes about a quarter of an hour on a quiet machine and rewrites benchmarks/RESULTS.md. Progress goes to
standard error, the result to standard output.
"""

import argparse
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engine import growth, headline, measuring, report
from benchmarks.engine.pace import Pace
from benchmarks.engine.peers import NoPeersError, python_of_peers
from benchmarks.engine.rows import CONTENDERS, FLOOR_THERE, PEERS, ROWS, Row

QUICK_SECONDS, EXTRA_SECONDS = 40.0, 900.0
"""After the former a quick run begins nothing, after the latter a full one no further round of rows."""
RESULTS = Path(__file__).resolve().parents[1] / "RESULTS.md"
ROW_KEYS = [row.key for row in ROWS]


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench engine", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--quick",
        action="store_true",
        help="about a minute: one short round at a tenth of the sizes, not kept",
    )
    add(
        "--row",
        action="extend",
        type=names_of_rows,
        metavar="NAMES",
        help="only these rows, not kept, with commas between: " + ", ".join(ROW_KEYS),
    )
    add(
        "--growth",
        action="extend",
        type=names_of_growth,
        metavar="NAMES",
        help="only this growth, not kept, with commas between, one size as in dag:1000: "
        + ", ".join(growth.NAMES),
    )
    add("--rounds", type=count, default=3, help="at most, each in fresh processes; as time allows (3)")
    add(
        "--seconds",
        type=duration,
        help=f"after these nothing is begun, and the page says what is left (with --quick {QUICK_SECONDS:g})",
    )
    add("--json", action="store_true", help="print JSON instead of Markdown")
    add("--no-growth", action="store_true", help="leave the growth out; not kept")
    add("--no-peers", action="store_true", help="limit, floor and this engine only; not kept")
    add("--peers", metavar="PYTHON", help="an interpreter that has GEMSEO and OpenMDAO")
    add("--no-save", action="store_true", help=f"leave {RESULTS.name} as it is")
    return parser.parse_args(arguments)


def count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def names_of_rows(text: str) -> list[str]:
    found = text.split(",")
    if unknown := [name for name in found if name not in ROW_KEYS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)!r} is none of {', '.join(ROW_KEYS)}")
    return found


def names_of_growth(text: str) -> list[str]:
    found = text.split(",")
    try:
        growth.chosen(found, quick=False)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return found


def duration(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("must be positive")
    return value


def interpreters(chosen: argparse.Namespace) -> dict[str, str]:
    """The Python of every contender; without the peers where they cannot be had."""
    pythons = dict.fromkeys(CONTENDERS[:3], sys.executable)
    if chosen.no_peers:
        return pythons
    # a process that only tells how much the libraries differ imports for seconds, too
    peers = PEERS if chosen.quick else (*PEERS, FLOOR_THERE)
    try:
        return pythons | dict.fromkeys(peers, chosen.peers or python_of_peers())
    except NoPeersError as error:
        print(f"without the peers: {error}", file=sys.stderr)
        return pythons


def rows_wanted(chosen: argparse.Namespace) -> list[Row]:
    if chosen.growth and not chosen.row:
        return []
    rows = [row for row in ROWS if not chosen.row or row.key in chosen.row]
    if not chosen.quick:
        return rows
    # a peer imports for five seconds before it optimises
    return [row.smaller() for row in rows if row.key != "optimum" or chosen.row]


def sizes_wanted(chosen: argparse.Namespace) -> list[growth.Size]:
    if chosen.no_growth or (chosen.row and not chosen.growth):
        return []
    return growth.chosen(chosen.growth or growth.NAMES, quick=chosen.quick)


def paced(
    rows: list[Row], sizes: list[growth.Size], effort: measuring.Effort, *, with_headline: bool
) -> Pace:
    """All that is to be done, for the time that is shown to be left."""
    promised = {measuring.step(row, 0): row.seconds for row in rows}
    if with_headline:
        promised[headline.LABEL] = headline.SECONDS
    promised |= {growth.label(*size): growth.seconds(size) for size in sizes}
    extra = {
        measuring.step(row, number): row.seconds * measuring.LATER_SHARE
        for number in range(1, effort.rounds)
        for row in rows
    }
    return Pace(promised, extra=extra, most_seconds=effort.extra_seconds)


def effort_wanted(chosen: argparse.Namespace) -> measuring.Effort:
    rounds, passes, seconds = (1, 1, 0.03) if chosen.quick else (chosen.rounds, 6, 0.05)
    # the peers may just have been installed
    most = measuring.elapsed() + (chosen.seconds or (QUICK_SECONDS if chosen.quick else math.inf))
    return measuring.Effort(rounds, passes, seconds, most, min(most, measuring.elapsed() + EXTRA_SECONDS))


def run(chosen: argparse.Namespace) -> report.Findings:
    pythons, rows, sizes = interpreters(chosen), rows_wanted(chosen), sizes_wanted(chosen)
    effort, with_headline = effort_wanted(chosen), not (chosen.row or chosen.growth)
    begin = paced(rows, sizes, effort, with_headline=with_headline).begin
    # without rows there is nobody to start
    measured = measuring.measure(rows, pythons, effort, begin=begin) if rows else measuring.Measured()
    left_out, rows = [row.label for row in measured.left_out], [r for r in rows if r not in measured.left_out]
    said = []
    if with_headline and measuring.elapsed() > effort.most_seconds:
        left_out.append(headline.LABEL)
    elif with_headline:
        begin(headline.LABEL)
        said = headline.measure(pythons)
    points, sizes_left_out = growth.measure(
        sizes,
        pythons,
        versions=measured.versions,
        begin=begin,
        most_seconds=effort.most_seconds,
        thorough=not chosen.quick,
    )
    left_out += sizes_left_out
    if rows:
        measuring.measure_again(rows, pythons, measured, effort, begin=begin)
    if left_out:
        measuring.say(f"no time was left for {'; '.join(left_out)}")
    command = shlex.join(["./dev", "bench", "engine", *sys.argv[1:]])
    return report.Findings(rows, measured, points, left_out, said, command, measuring.elapsed())


def main() -> int:
    chosen = options(sys.argv[1:])
    found = run(chosen)
    page = report.markdown(found)
    print(report.as_json(found) if chosen.json else page)
    partial = chosen.quick or chosen.row or chosen.growth or chosen.no_growth or found.left_out
    partial = partial or "gemseo" not in found.measured.versions
    if not partial and not chosen.no_save:
        RESULTS.write_text(page, "utf-8")
        print(f"kept in {RESULTS}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
