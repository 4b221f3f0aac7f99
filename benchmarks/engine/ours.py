"""This platform's engine as workers use it: followed by an observer, and asked to stop."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks.engine import cases, limit, models, models_dice
from benchmarks.engine.cases import Work
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


def sellar(**numerical: Any) -> Work:
    execute = followed(build(models.sellar(**numerical)))
    return Work(
        lambda x: execute({"x": x}),
        lambda result: [result.values[name] for name in ("objective", "c_1", "c_2")],
    )


def chain(size: int) -> Work:
    return single(models.chain(size), reads="D.a", makes=f"D{size - 1}.{'ba'[(size - 1) % 2]}")


def dag(size: int) -> Work:
    return single(models.dag(size), reads="D.a", makes=f"D{size - 1}.{cases.KINDS[(size - 1) % 3]}")


def one_changed(size: int) -> Work:
    """A session in memory, which runs what a change touches."""
    session = build(models.dag(size)).session()
    session.execute({"D.a": 1.0})
    changed = f"D{cases.dag(size).node_reaching(0.01)}.p"

    def run(x: float) -> ExecutionResult:
        value = cases.PARAMETER + cases.CHANGED_BY * x
        return session.execute({changed: value}, observer=Follower(), should_stop=never)

    def answer(result: ExecutionResult) -> list[float]:
        values = [result.values[f"D{i}.{cases.KINDS[i % 3]}"] for i in range(size)]
        return [values[-1], sum(values)]

    return Work(run, answer)


def ring(size: int, **numerical: Any) -> Work:
    plan = build(models.ring(size, **numerical))
    execute = followed(plan)
    made = {variable.owner: name for name, variable in plan.variables.items() if variable.io == "out"}
    first, last = made[f"D{0:0{len(str(size))}}"], made[f"D{size - 1:0{len(str(size))}}"]
    return Work(lambda x: execute({"x": x}), lambda result: [result.values[first], result.values[last]])


def chain_derivative(size: int) -> Work:
    plan, makes = build(models.chain(size)), f"D{size - 1}.{'ba'[(size - 1) % 2]}"

    def run(x: float) -> Any:
        return plan.derivatives({"D.a": x}, of=[makes], wrt=["D.a"])

    return Work(run, lambda found: [found.result.values[makes], found[makes, "D.a"]])


def optimum(size: int) -> Work:  # noqa: ARG001
    """SciPy's SLSQP over this engine's values and derivatives."""
    plan, names = build(models.sellar()), ("z_1", "z_2", "x")
    outputs = ("objective", "c_1", "c_2")
    known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def evaluated(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and slopes of all outputs, once a point."""
        if z.tobytes() not in known:
            found = plan.derivatives(dict(zip(names, z.tolist(), strict=True)), of=outputs, wrt=names)
            known.clear()
            known[z.tobytes()] = (
                np.array([found.result.values[name] for name in outputs]),
                np.array([[found[output, name] for name in names] for output in outputs]),
            )
        return known[z.tobytes()]

    def run(x: float) -> float:
        limits = {
            "type": "ineq",
            "fun": lambda z: -evaluated(z)[0][1:],
            "jac": lambda z: -evaluated(z)[1][1:],
        }
        found = minimize(
            lambda z: evaluated(z)[0][0],
            [5.0, 2.0, x],
            jac=lambda z: evaluated(z)[1][0],
            method="SLSQP",
            bounds=cases.BOUNDS,
            constraints=limits,
            options={"ftol": 1e-9},
        )
        return float(found.fun)

    return Work(run, limit.number)


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
    plan = build(models.sellar())

    def run(x: float) -> list[float]:
        columns = {"x": cases.sample_inputs(count, x)}
        return plan.execute_many(columns, outputs=["objective"], should_stop=never).values["objective"]

    return Work(run, limit.first_last, samples=count)


WORKS: cases.Contender = {
    "sellar": lambda size: sellar(),
    "sellar_newton": lambda size: sellar(sub_mda_class="MDANewtonRaphson"),
    "optimum": optimum,
    "chain": chain,
    "chain_derivative": chain_derivative,
    "dag": dag,
    "one_changed": one_changed,
    "ring": ring,
    "ring_newton": lambda size: ring(size, sub_mda_class="MDANewtonRaphson"),
    "ring_accelerated": lambda size: ring(size, acceleration="Anderson"),
    "arrays": arrays,
    "frames": frames,
    "samples": samples,
    "headline": lambda size: headline(),
    "headline_jacobi": lambda size: headline(sub_mda_class="MDAJacobi"),
    "dice": dice,
}
