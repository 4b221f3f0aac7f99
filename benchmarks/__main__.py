"""``./dev bench [NAME [OPTION ...]]``: run all benchmarks, or one with its options."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """The benchmarks, each a module or package of this folder that prints its tables."""
    modules = [path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_")]
    return sorted([*modules, *(path.parent.name for path in FOLDER.glob("*/__main__.py"))])


def main(arguments: list[str]) -> int:
    """Run them one after the other; the exit status is 1 when one failed."""
    chosen, options = (arguments[:1], arguments[1:]) if arguments else (names(), [])
    if chosen[:1] in (["-h"], ["--help"]):
        print(f"usage: ./dev bench [NAME [OPTION ...]]\n\nbenchmarks: {', '.join(names())}")
        return 0
    unknown = [name for name in chosen if name not in names()]
    if unknown and unknown[0].startswith("-"):
        print(f"options come after a name, as in ./dev bench engine {unknown[0]}", file=sys.stderr)
        return 2
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}, only {', '.join(names())}", file=sys.stderr)
        return 2
    if arguments:  # its output and its status are its own
        return run(chosen[0], options)
    failed = []
    for name in chosen:
        print(f"== {name}", flush=True)
        if run(name, []) != 0:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str, options: list[str]) -> int:
    return subprocess.call([sys.executable, "-m", f"benchmarks.{name}", *options], cwd=FOLDER.parent)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
