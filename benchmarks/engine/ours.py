"""This platform's engine as workers use it: followed by an observer, and asked to stop."""

from collections.abc import Callable
from typing import Any

from benchmarks.engine import cases, limit, models, models_dice
from benchmarks.engine.cases import Work
from sostrades_api.disciplines.sellar import Sellar1, Sellar2, SellarProblem
from sostrades_api.engine import (
    ExecutionResult,
    ExecutionStarted,
    IterationEnded,
    Observer,
    Plan,
    Process,
    build,
)


class Follower(Observer):
    """Keeps what a thread needs to publish the state of every discipline now and then."""

    def on_execution_started(self, event: ExecutionStarted) -> None:
        self.progress = event.progress

    def on_iteration_ended(self, event: IterationEnded) -> None:
        self.iteration = event


def never() -> bool:
    """Nobody asks to stop."""
    return False


def followed(plan: Plan) -> Callable[[dict[str, Any]], ExecutionResult]:
    """Execute as a worker does: observed, and asked to stop between disciplines."""
    return lambda values: plan.execute(values, observer=Follower(), should_stop=never)


def single(process: Process, *, reads: str, makes: str) -> Work:
    """One number in, one out."""
    execute = followed(build(process))
    return Work(lambda x: execute({reads: x}), lambda result: [result.values[makes]])


def sellar_process(**numerical: Any) -> Process:
    return Process(
        "sellar",
        disciplines={"Sellar1": Sellar1, "Sellar2": Sellar2, "SellarProblem": SellarProblem},
        namespaces={"ns_sellar": ""},
        numerical={"tolerance": cases.TOLERANCE, "max_mda_iter": cases.MOST_ITERATIONS, **numerical},
    )


def sellar(**numerical: Any) -> Work:
    execute = followed(build(sellar_process(**numerical)))
    return Work(
        lambda x: execute({"x": x}),
        lambda result: [result.values[name] for name in ("objective", "c_1", "c_2")],
    )


def chain(size: int) -> Work:
    return single(models.chain(size), reads="D.a", makes=f"D{size - 1}.{'ba'[(size - 1) % 2]}")


def dag(size: int) -> Work:
    return single(models.dag(size), reads="D.a", makes=f"D{size - 1}.{cases.KINDS[(size - 1) % 3]}")


def ring(size: int, **numerical: Any) -> Work:
    plan = build(models.ring(size, **numerical))
    execute = followed(plan)
    made = {variable.owner: name for name, variable in plan.variables.items() if variable.io == "out"}
    first, last = made[f"D{0:0{len(str(size))}}"], made[f"D{size - 1:0{len(str(size))}}"]
    return Work(lambda x: execute({"x": x}), lambda result: [result.values[first], result.values[last]])


def arrays(size: int) -> Work:  # noqa: ARG001
    execute = followed(build(models.arrays()))
    return Work(
        lambda x: execute({"D.a": cases.start_array(x)}),
        lambda result: cases.ends(result.values[f"D{cases.STAGES - 1}.a"]),
    )


def frames(size: int) -> Work:  # noqa: ARG001
    execute = followed(build(models.frames()))
    return Work(
        lambda x: execute({"D.a": cases.start_frame(x)}),
        lambda result: cases.ends(result.values[f"D{cases.STAGES - 1}.a"].to_numpy()),
    )


def headline(**numerical: Any) -> Work:
    execute = followed(build(models.headline(**numerical)))
    return Work(
        lambda x: execute({}),
        lambda result: [float(result.values[name]["value"].iloc[0]) for name in "ab"],
        notes=lambda result: {
            "iterations": len(result.residuals),
            "residual": float(result.residuals["residual"].iloc[-1]),
        },
    )


def dice(regions: int) -> Work:
    execute = followed(build(models_dice.process(regions, **models_dice.numerical(regions))))
    given = models_dice.inputs(regions)
    return Work(
        lambda x: execute(given),
        lambda result: models_dice.ends(result.values),
        notes=lambda result: {
            "sweeps": len(result.residuals),
            "residual": float(result.residuals["residual"].iloc[-1]),
            **models_dice.notes(result.values, regions),
        },
    )


def samples(count: int) -> Work:
    execute = followed(build(sellar_process()))
    return Work(
        lambda x: [execute({"x": value}).values["objective"] for value in cases.sample_inputs(count, x)],
        limit.first_last,
        samples=count,
    )


WORKS: cases.Contender = {
    "sellar": lambda size: sellar(),
    "chain": chain,
    "dag": dag,
    "ring": ring,
    "arrays": arrays,
    "frames": frames,
    "samples": samples,
    "headline": lambda size: headline(),
    "headline_jacobi": lambda size: headline(sub_mda_class="MDAJacobi"),
    "dice": dice,
}
