"""A loop coupled by tables alone, which the peers leave out of their residuals."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from benchmarks.engine.markdown import markdown, number
from benchmarks.engine.processes import Asked
from benchmarks.engine.rows import HEADS

LABEL = "a loop coupled by tables alone"
EQUATIONS = "A = B / 2 + 1, B = A / 2 + 1, both from 0; 2 in every cell solves it."
SECONDS = 12.0
"""What it takes, about."""
SOLUTION, NEAR = 2.0, 1e-9
TRIED = (
    ("limit", "headline", "by hand"),
    ("ours", "headline", "ours, Gauss-Seidel"),
    ("ours", "headline_jacobi", "ours, Jacobi"),
    ("openmdao", "headline", "NonlinearBlockGS, an error unless it converges"),
    ("gemseo", "headline", "MDAGaussSeidel, tolerance 1e-10"),
    ("gemseo", "headline_jacobi", "MDAJacobi, tolerance 1e-10"),
)


def measure(pythons: Mapping[str, str]) -> list[tuple[str, dict]]:
    """What each says, with its notes."""
    told = []
    for name, tried in groupby(TRIED, key=itemgetter(0)):
        if name in pythons:
            with Asked(pythons[name], name) as asked:
                for _, row, label in tried:
                    found = asked.ask("prepare", row=row, size=1)
                    told.append((f"{HEADS.get(name, '')} {label}".strip(), found))
    return told


def table(told: Sequence[tuple[str, dict]]) -> str:
    lines = []
    for label, found in told:
        if "answer" not in found:
            lines.append([label, found.get("error", "-"), "-", "-", "-"])
            continue
        a, b = found["answer"]
        right = max(abs(a - SOLUTION), abs(b - SOLUTION)) < NEAR
        says = ", ".join(f"{name} {number(value)}" for name, value in found["notes"].items()) or "-"
        lines.append([label, f"{a:.10g}", f"{b:.10g}", says, "right" if right else "WRONG, without an error"])
    return f"{EQUATIONS}\n\n" + markdown(["solver", "A", "B", "what it says", ""], lines)
