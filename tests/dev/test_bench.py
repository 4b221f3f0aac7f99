import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_an_unknown_benchmark_is_one_line_and_status_2() -> None:
    refused = bench("speed-of-light")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)


def test_options_without_a_benchmark_say_where_they_belong() -> None:
    refused = bench("--quick")
    assert (refused.returncode, "./dev bench engine --quick" in refused.stderr) == (2, True)


def test_the_page_of_the_benchmarks_lists_every_one_of_them() -> None:
    shown = bench("--help").stdout
    listed = re.findall(r"^\| `(\w+)`", (ROOT / "benchmarks" / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == re.search(r"benchmarks: (.*)", shown)[1].split(", ")


def test_one_benchmark_prints_nothing_but_its_own_output() -> None:
    shown = bench("engine", "--help")
    assert (shown.returncode, shown.stdout.startswith("usage: ./dev bench engine")) == (0, True)
