"""``./dev chaos``: see ``--help``."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.chaos.plan import MEANING
from benchmarks.chaos.recovery import WANTED_SECONDS, Recovery, measure
from benchmarks.chaos.storm import Options, Outcome, run

_LONGEST_SECONDS = 3600.0
_SHOWN, _WIDTH = 20, 300
_EPILOG = """The same seed gives the same plan of accidents. The exit status is 1 when anything was violated.

Example: ./dev chaos --minutes 5 --seed 7 --postgresql"""


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="./dev chaos",
        description="Users submit, edit, stop, suspend, resume and read over HTTP while processes are killed "
        "and frozen, the queue is emptied, the disk is full, clocks jump and connections break. Every "
        "accepted execution has to end, once, with the results of an undisturbed run, and nothing is left.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, help="request executions for so long (default: 1)")
    parser.add_argument("--executions", type=int, help="request so many")
    parser.add_argument("--seed", type=int, default=1, help="of accidents and users (default: 1)")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL and Redis; else on SQLite")
    parser.add_argument("--users", type=int, default=12, help="at a time (default: 12)")
    parser.add_argument("--pause", type=float, default=1.5, help="seconds between accidents (default: 1.5)")
    parser.add_argument(
        "--recovery", type=int, default=2, metavar="N", help="then measure N recoveries of each (default: 2)"
    )
    parser.add_argument("--log", type=Path, help="write what happened, with times, into this file")
    parser.add_argument("--verbose", action="store_true", help="tell accidents as they happen")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run, report; the exit status."""
    asked = parsed(arguments)
    minutes = asked.minutes or (_LONGEST_SECONDS / 60 if asked.executions else 1.0)
    options = Options(
        seed=asked.seed,
        seconds=minutes * 60,
        executions=asked.executions,
        on_postgresql=asked.postgresql,
        users=asked.users,
        pause=asked.pause,
        verbose=asked.verbose,
    )
    outcome = run(options)
    recoveries = measure(on_postgresql=asked.postgresql, kills=asked.recovery) if asked.recovery else []
    if asked.log:
        asked.log.write_text("\n".join(outcome.journal.lines) + "\n", "utf-8")
    if asked.json:
        print(json.dumps(_report(outcome, recoveries), indent=2))
    else:
        show(outcome, recoveries)
    slow = any(recovery.seconds >= WANTED_SECONDS for recovery in recoveries)
    return 1 if outcome.journal.violations or slow else 0


def _report(outcome: Outcome, recoveries: list[Recovery]) -> dict[str, object]:
    found = [{"killed": recovery.victim, "seconds": recovery.seconds} for recovery in recoveries]
    return {**outcome.as_json(), "recoveries": found}


def show(outcome: Outcome, recoveries: list[Recovery]) -> None:
    """The report for people."""
    told = outcome.as_json()
    print(f"{told['database']}, seed {told['seed']}: {told['accepted']} executions in {told['seconds']} s")
    print("\naccidents")
    for kind, count in sorted(told["accidents"].items(), key=lambda item: -item[1]):
        print(f"  {count:4d}  {MEANING[kind]}")
    for kind in told["left_out"]:
        print(f"     -  {MEANING[kind]}: not possible here")
    print("\nexecutions by final state")
    for state, count in sorted(told["states"].items()):
        print(f"  {count:4d}  {state}")
    attempts = ", ".join(f"{count} in {attempt}" for attempt, count in told["attempts"].items())
    print(f"attempts: {attempts}; results compared with an undisturbed run: {told['compared']}")
    answers = ", ".join(f"{answer}: {count}" for answer, count in sorted(told["answers"].items()))
    print(f"answers: {answers}")
    print(f"all had ended {told['settling_seconds']} s after the last accident")
    for recovery in recoveries:
        print(
            f"{recovery.victim} killed, running again after {recovery.seconds} s ({WANTED_SECONDS:g} wanted)"
        )
    print(f"\nviolations: {len(told['violations'])}")
    for violation in told["violations"][:_SHOWN]:
        print(f"  seed {violation['seed']}, {violation['seconds']} s: {violation['text'][:_WIDTH]}")
    if len(told["violations"]) > _SHOWN:
        print("  ... the others: --json or --log FILE")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
