"""The rows of the table: their sizes, how near the answers must lie, and the figures to reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

EXACT, ITERATED, OPTIMISED = 1e-12, 1e-7, 1e-6
CONTENDERS = ("limit", "floor", "ours", "openmdao", "gemseo", "gemseo_tuned")
PEERS = CONTENDERS[3:]
FLOOR_THERE = "floor_there"
"""The floor once more, in the environment of the peers."""
HEADS = {"openmdao": "OpenMDAO", "gemseo": "GEMSEO", "gemseo_tuned": "GEMSEO tuned"}

Times = Mapping[str, float]
"""Milliseconds by contender."""
Ratio = Callable[[str, str], float | None]
"""The time of one contender to that of another, side by side; ``None`` when one has none."""


@dataclass(frozen=True)
class Figure:
    """Something to reach: a name, and what it is of these; ``None`` when it cannot be told."""

    text: str
    limit: float
    measure: Callable[[Times, Ratio], float | None]
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        key: the name of the work in each contender.
        size: of the work; ``samples`` has another one for some contenders.
        first: the label of one more row, of building and the first execution.
        tolerance: how far answers may lie apart, relative to their magnitude.
        libraries: whether the floor is also timed with the peers' NumPy and pandas, which are older.
        seconds: what a first round takes, about; only for the time that is shown to be left.
        is_smaller: at a tenth of its size, where its figures prove nothing.
    """

    key: str
    label: str
    size: int = 1
    first: str = ""
    tolerance: float = EXACT
    figures: tuple[Figure, ...] = ()
    samples: Mapping[str, int] = field(default_factory=dict)
    libraries: bool = False
    seconds: float = 5.0
    is_smaller: bool = False

    @property
    def contenders(self) -> tuple[str, ...]:
        return (*CONTENDERS, FLOOR_THERE) if self.libraries else CONTENDERS

    def smaller(self) -> "Row":
        """The row at a tenth of its size."""
        if self.size == 1:
            return self
        size, fewer = self.size // 10, {name: count // 10 for name, count in self.samples.items()}
        label = self.label.replace(f"of {self.size}", f"of {size}")
        return replace(self, size=size, samples=fewer, label=label, is_smaller=True)

    def size_for(self, contender: str) -> int:
        return self.samples.get(contender, self.size)


def times(base: str, limit: float) -> Figure:
    """At most so many times as long as limit or floor."""

    return Figure(f"at most {limit:g} x {base}", limit, lambda _, ratio: ratio("ours", base))


def faster(limit: float, *, among: tuple[str, ...] = PEERS, than: str = "the faster peer") -> Figure:
    """So many times faster than the quickest of these peers."""

    def measure(_: Times, ratio: Ratio) -> float | None:
        return min((found for name in among if (found := ratio(name, "ours"))), default=None)

    return Figure(f"{limit:g} x faster than {than}", limit, measure, at_least=True)


def below(milliseconds: float) -> Figure:
    return Figure(f"at most {milliseconds:g} ms", milliseconds, lambda times, _: times.get("ours"))


def a_second(limit: float) -> Figure:
    def measure(times: Times, _: Ratio) -> float | None:
        return 1e3 / times["ours"] if "ours" in times else None

    return Figure(f"at least {limit:,.0f} a second", limit, measure, at_least=True)


DEFAULTS = ("openmdao", "gemseo")
AS_IT_COMES = "the faster peer as it comes"


def faster_than_both(limit: float) -> tuple[Figure, Figure]:
    """Than the peers as they come, and than the tuned one too."""
    tuned = faster(limit, than="any peer, tuned too")
    return faster(limit, among=DEFAULTS, than=AS_IT_COMES), tuned


ROWS = (
    Row(
        "sellar",
        "Sellar, Gauss-Seidel to 1e-10",
        tolerance=ITERATED,
        figures=faster_than_both(20),
        seconds=12,
    ),
    Row("sellar_newton", "Sellar, Newton", tolerance=ITERATED),
    Row(
        "chain",
        "chain of 1000, one execute",
        1000,
        first="the same, build and first run",
        figures=(times("floor", 3), *faster_than_both(40)),
        seconds=25,
    ),
    Row(
        "dag",
        "DAG of 1000, fan-in 3, one execute",
        1000,
        figures=(times("floor", 1.5), *faster_than_both(30)),
        seconds=30,
    ),
    Row(
        "one_changed",
        "one input changed that touches 1 % of that DAG",
        1000,
        tolerance=1e-9,
        figures=(below(0.05), faster(500)),
        seconds=15,
    ),
    Row(
        "ring",
        "ring of 100, Gauss-Seidel to 1e-10",
        100,
        tolerance=ITERATED,
        figures=(times("floor", 2),),
        seconds=20,
    ),
    Row("ring_newton", "ring of 100, Newton", 100, tolerance=ITERATED, seconds=25),
    Row("ring_accelerated", "ring of 100, best acceleration", 100, tolerance=ITERATED, seconds=15),
    Row(
        "arrays",
        "20 disciplines on 100,000 floats",
        figures=(times("limit", 1.3),),
        libraries=True,
        seconds=14,
    ),
    Row("frames", "20 disciplines on a 200 x 20 DataFrame", figures=(times("limit", 1.1),), libraries=True),
    Row("chain_derivative", "chain of 100, run and total derivative", 100, figures=faster_than_both(20)),
    Row("optimum", "Sellar optimum (3.18339) with SLSQP", tolerance=OPTIMISED, seconds=15),
    Row(
        "samples",
        "design of experiments on Sellar, a sample",
        10_000,
        tolerance=ITERATED,
        figures=(a_second(30_000), faster(10)),
        samples={"openmdao": 300, "gemseo": 300, "gemseo_tuned": 300},
        seconds=15,
    ),
    Row("dice", "DICE-2016R", tolerance=1e-9, seconds=6),
)


def best_ring(results: Mapping[str, Times]) -> tuple[float, float] | None:
    """Our best solver of the ring against the peers' best: milliseconds of both."""
    keys = ("ring", "ring_newton", "ring_accelerated")
    ours = [results[key]["ours"] for key in keys if "ours" in results.get(key, {})]
    theirs = [results[key][peer] for key in keys for peer in PEERS if peer in results.get(key, {})]
    return (min(ours), min(theirs)) if ours and theirs else None
