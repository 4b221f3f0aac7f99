"""Time this engine beside a hand-written loop, OpenMDAO and GEMSEO, on the same work.

The peers are installed into an environment of their own by the first start. A full run ends within five
minutes and rewrites benchmarks/RESULTS.md; progress goes to standard error, the result to standard output.
"""

import argparse
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engine import growth, headline, measuring, report
from benchmarks.engine.peers import NoPeersError, python_of_peers
from benchmarks.engine.rows import CONTENDERS, LIMIT_THERE, PEERS, ROWS, Row

QUICK_SECONDS, FULL_SECONDS = 40.0, 270.0
"""Unless others are asked for; what has begun then still ends."""
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
        action="append",
        choices=ROW_KEYS,
        metavar="NAME",
        help="only this row, without growth, not kept; may be repeated: " + ", ".join(ROW_KEYS),
    )
    add("--rounds", type=count, default=3, help="at most, each in fresh processes; as time allows (3)")
    add(
        "--seconds",
        type=duration,
        help=f"after these no row or size is begun ({FULL_SECONDS:g}; with --quick {QUICK_SECONDS:g})",
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
    peers = PEERS if chosen.quick else (*PEERS, LIMIT_THERE)
    try:
        return pythons | dict.fromkeys(peers, chosen.peers or python_of_peers())
    except NoPeersError as error:
        print(f"without the peers: {error}", file=sys.stderr)
        return pythons


def wanted(chosen: argparse.Namespace) -> list[Row]:
    rows = [row for row in ROWS if not chosen.row or row.key in chosen.row]
    if not chosen.quick:
        return rows
    # a peer imports for five seconds before it optimises
    return [row.smaller() for row in rows if row.key != "optimum" or chosen.row]


def run(chosen: argparse.Namespace) -> report.Findings:
    pythons, rows = interpreters(chosen), wanted(chosen)
    rounds, passes, seconds = (1, 1, 0.03) if chosen.quick else (chosen.rounds, 3, 0.08)
    # the peers may just have been installed
    most_seconds = measuring.elapsed() + (chosen.seconds or (QUICK_SECONDS if chosen.quick else FULL_SECONDS))
    effort = measuring.Effort(rounds, passes, seconds, most_seconds)
    measured = measuring.measure(rows, pythons, effort)
    left_out, rows = [row.label for row in measured.left_out], [r for r in rows if r not in measured.left_out]
    said, points = [], []
    if measuring.elapsed() > most_seconds:
        left_out.append(headline.LABEL)
    else:
        measuring.say(headline.LABEL)
        said = headline.measure(pythons)
    if not (chosen.no_growth or chosen.row):
        points, sizes_left_out = growth.measure(pythons, quick=chosen.quick, most_seconds=most_seconds)
        left_out += sizes_left_out
    measuring.measure_again(rows, pythons, measured, effort)
    command = shlex.join(["./dev", "bench", "engine", *sys.argv[1:]])
    return report.Findings(rows, measured, points, left_out, said, command, measuring.elapsed())


def main() -> int:
    chosen = options(sys.argv[1:])
    found = run(chosen)
    page = report.markdown(found)
    print(report.as_json(found) if chosen.json else page)
    partial = chosen.quick or chosen.row or chosen.no_growth or found.measured.left_out
    partial = partial or not found.said or "gemseo" not in found.measured.versions
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
