"""The same work with GEMSEO: as it comes, and tuned as its users would.

Tuned: grammars that check nothing, no validation, no cache, no statistics, no status, and chains ordered by
hand instead of by the coupling graph. The default set-up uses ``MDAChain``, which orders disciplines itself.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from gemseo import configuration, create_design_space, create_scenario
from gemseo.core.chains.chain import MDOChain
from gemseo.core.discipline import Discipline
from gemseo.mda.gauss_seidel import MDAGaussSeidel
from gemseo.mda.jacobi import MDAJacobi
from gemseo.mda.mda_chain import MDAChain
from gemseo.mda.newton_raphson import MDANewtonRaphson

from benchmarks.engine import cases
from benchmarks.engine.cases import Work

Data = Mapping[str, Any]
TUNED = {"is": False}
PRECISE = {"tolerance": cases.TOLERANCE, "max_mda_iter": cases.MOST_ITERATIONS}


def set_up(*, tuned: bool) -> None:
    """Choose the set-up of this process."""
    logging.disable(logging.WARNING)
    TUNED["is"] = tuned
    configuration.enable_progress_bar = False
    if not tuned:
        return
    Discipline.default_grammar_type = Discipline.GrammarType.SIMPLER
    Discipline.default_cache_type = Discipline.CacheType.NONE
    for switch in (
        "check_desvars_bounds",
        "enable_discipline_cache",
        "enable_discipline_statistics",
        "enable_discipline_status",
        "enable_function_statistics",
        "validate_input_data",
        "validate_output_data",
    ):
        setattr(configuration, switch, False)


class Model(Discipline):
    """Names in with their defaults, names out, a function, and its Jacobian where there is one."""

    def __init__(
        self,
        name: str,
        *,
        reads: Mapping[str, Any],
        makes: Sequence[str],
        function: Callable[[Data], dict[str, Any]],
        slopes: Callable[[Data], dict[str, dict[str, Any]]] | None = None,
    ) -> None:
        super().__init__(name)
        self.function, self.slopes = function, slopes
        self.io.input_grammar.update_from_names(reads)
        self.io.output_grammar.update_from_names(makes)
        self.io.input_grammar.defaults = dict(reads)

    def _run(self, input_data: Data) -> dict[str, Any]:
        return self.function(input_data)

    def _compute_jacobian(self, input_names: Any = (), output_names: Any = ()) -> None:  # noqa: ARG002
        self.jac = self.slopes(self.io.data)


class Tables(Discipline):
    """Tables need a grammar that knows types other than arrays."""

    default_grammar_type = Discipline.GrammarType.SIMPLE

    def __init__(self, read: str, make: str, stage: Callable[[Any], Any], start: Any = None) -> None:
        super().__init__(f"{read}_{make}")
        self.read, self.make, self.stage = read, make, stage
        kind = {read: type(cases.zeros_frame())}
        self.io.input_grammar.update_from_types(kind)
        self.io.output_grammar.update_from_types({make: kind[read]})
        if start is not None:
            self.io.input_grammar.defaults = {read: start}

    def _run(self, input_data: Data) -> dict[str, Any]:
        return {self.make: self.stage(input_data[self.read])}


def one(value: float) -> np.ndarray:
    return np.array([value])


def composed(disciplines: Sequence[Discipline], **options: Any) -> Discipline:
    """In the order given when tuned; else in the order that the framework finds."""
    if TUNED["is"]:
        return MDOChain(disciplines)
    if disciplines[0].io.input_grammar.__class__.__name__ == "SimpleGrammar":
        # what an MDAChain adds to a process has grammars of the default type, which know no tables
        return MDOChain(disciplines)
    return MDAChain(disciplines, **options)


def link(i: int) -> Model:
    read, make = f"y{i}", f"y{i + 1}"
    slope = np.array([[cases.SLOPE]])
    return Model(
        f"D{i}",
        reads={read: one(1.0)},
        makes=[make],
        function=lambda data: {make: cases.SLOPE * data[read] + cases.STEP},
        slopes=lambda data: {make: {read: slope}},
    )


def through(process: Discipline, start: Callable[[float], Any], last: str) -> Callable[[float], Any]:
    return lambda x: process.execute({"y0": start(x)})[last]


def chain(size: int) -> Work:
    process = composed([link(i) for i in range(size)])
    return Work(through(process, one, f"y{size}"), lambda y: [y[0]])


def chain_derivative(size: int) -> Work:
    """``MDOChain`` in both set-ups: the adjoint of an ``MDAChain`` takes ten times as long."""
    process, last = MDOChain([link(i) for i in range(size)]), f"y{size}"
    process.add_differentiated_inputs(["y0"])
    process.add_differentiated_outputs([last])

    def run(x: float) -> list[float]:
        slopes = process.linearize({"y0": one(x)})
        return [process.io.data[last][0], slopes[last]["y0"][0, 0]]

    return Work(run, list)


def blend(i: int, parents: tuple[int, int, int]) -> Model:
    a, b, c = (f"y{n}" if n >= 0 else f"start_{kind}" for kind, n in zip(cases.KINDS, parents, strict=True))
    p, make = f"p{i}", f"y{i}"
    return Model(
        f"D{i}",
        reads={a: one(1.0), b: one(1.0), c: one(1.0), p: one(cases.PARAMETER)},
        makes=[make],
        function=lambda data: {make: 0.3 * data[a] + 0.3 * data[b] + 0.4 * data[c] + data[p]},
    )


@cache
def dag_process(size: int) -> Discipline:
    return composed([blend(i, parents) for i, parents in enumerate(cases.dag(size).parents)])


def dag(size: int) -> Work:
    process, last = dag_process(size), f"y{size - 1}"
    return Work(lambda x: process.execute({"start_a": one(x)})[last], lambda y: [y[0]])


def one_changed(size: int) -> Work:
    """In the default set-up caches keep disciplines from running whose inputs have not changed."""
    process, name = dag_process(size), f"p{cases.dag(size).node_reaching(0.01)}"

    def answer(data: Data) -> list[float]:
        values = [data[f"y{i}"][0] for i in range(size)]
        return [values[-1], sum(values)]

    return Work(lambda x: process.execute({name: one(cases.PARAMETER + cases.CHANGED_BY * x)}), answer)


def sellar_loop() -> list[Model]:
    start, z = one(cases.Y_START), {"z_1": one(cases.Z_1), "z_2": one(cases.Z_2)}
    ones = np.array([[1.0]])
    return [
        Model(
            "Sellar1",
            reads={"x": one(1.0), **z, "y_2": start},
            makes=["y_1"],
            function=lambda d: {"y_1": d["z_1"] ** 2 + d["z_2"] + d["x"] - 0.2 * d["y_2"]},
            slopes=lambda d: {
                "y_1": {"x": ones, "z_1": 2.0 * d["z_1"][None], "z_2": ones, "y_2": -0.2 * ones}
            },
        ),
        Model(
            "Sellar2",
            reads={**z, "y_1": start},
            makes=["y_2"],
            function=lambda d: {"y_2": d["y_1"] ** 0.5 + d["z_1"] + d["z_2"]},
            slopes=lambda d: {"y_2": {"z_1": ones, "z_2": ones, "y_1": 0.5 * d["y_1"][None] ** -0.5}},
        ),
    ]


def sellar_problem() -> Model:
    ones = np.array([[1.0]])
    start = one(cases.Y_START)
    return Model(
        "Problem",
        reads={"x": one(1.0), "z_2": one(cases.Z_2), "y_1": start, "y_2": start},
        makes=["objective", "c_1", "c_2"],
        function=lambda d: {
            "objective": d["x"] ** 2 + d["z_2"] + d["y_1"] + np.exp(-d["y_2"]),
            "c_1": 3.16 - d["y_1"],
            "c_2": d["y_2"] - 24.0,
        },
        slopes=lambda d: {
            "objective": {"x": 2.0 * d["x"][None], "z_2": ones, "y_1": ones, "y_2": -np.exp(-d["y_2"])[None]},
            "c_1": {"x": 0.0 * ones, "z_2": 0.0 * ones, "y_1": -ones, "y_2": 0.0 * ones},
            "c_2": {"x": 0.0 * ones, "z_2": 0.0 * ones, "y_1": 0.0 * ones, "y_2": ones},
        },
    )


def sellar_process(solver: type[Discipline]) -> Discipline:
    if TUNED["is"]:
        return MDOChain([solver(sellar_loop(), **PRECISE), sellar_problem()])
    return MDAChain(
        [*sellar_loop(), sellar_problem()],
        inner_mda_name=solver.__name__,
        initialize_defaults=False,
        **PRECISE,
    )


def sellar_work(solver: type[Discipline]) -> Work:
    process = sellar_process(solver)

    def run(x: float) -> list[float]:
        data = process.execute({"x": one(x)})
        return [data[name][0] for name in ("objective", "c_1", "c_2")]

    return Work(run, list)


def design_space(names: Sequence[str], x: float = 1.0) -> Any:
    space = create_design_space()
    given = {"z_1": (-10.0, 10.0, 5.0), "z_2": (0.0, 10.0, 2.0), "x": (0.0, 10.0, x)}
    for name in names:
        low, high, value = given[name]
        space.add_variable(name, lower_bound=low, upper_bound=high, value=value)
    return space


def scenario(names: Sequence[str], x: float = 1.0, **options: Any) -> Any:
    return create_scenario(
        [*sellar_loop(), sellar_problem()],
        "objective",
        design_space(names, x),
        formulation_name="MDF",
        main_mda_name="MDAChain",
        main_mda_settings={"inner_mda_name": "MDAGaussSeidel", **PRECISE},
        **options,
    )


def samples(count: int) -> Work:
    def run(x: float) -> list[float]:
        made = scenario(["x"], scenario_type="DOE")
        rows = np.array(cases.sample_inputs(count, x))[:, None]
        made.execute(algo_name="CustomDOE", samples=rows)
        values = made.to_dataset().get_view(variable_names="objective").to_numpy().ravel()
        return [float(values[0]), float(values[-1])]

    return Work(run, list, samples=count)


def optimum(size: int) -> Work:  # noqa: ARG001
    def run(x: float) -> list[float]:
        made = scenario(["z_1", "z_2", "x"], x)
        made.add_constraint("c_1", constraint_type="ineq")
        made.add_constraint("c_2", constraint_type="ineq")
        made.execute(algo_name="SLSQP", max_iter=50, ftol_rel=1e-9)
        return [float(made.optimization_result.f_opt)]

    return Work(run, list)


def ring_node(i: int, size: int) -> Model:
    left, right, make = f"y{(i - 1) % size}", f"y{(i + 1) % size}", f"y{i}"
    ones, pull = np.array([[1.0]]), np.array([[cases.PULL]])
    return Model(
        f"D{i}",
        reads={left: one(1.0), right: one(1.0), "x": one(1.0)},
        makes=[make],
        function=lambda d: {make: one(cases.ring_node(d[left][0], d[right][0], d["x"][0]))},
        slopes=lambda d: {
            make: {left: np.array([[cases.ring_slopes(d[left][0])[0]]]), right: pull, "x": ones}
        },
    )


def ring_work(size: int, solver: type[Discipline], **options: Any) -> Work:
    process = solver([ring_node(i, size) for i in range(size)], **PRECISE, **options)

    def run(x: float) -> list[float]:
        data = process.execute({"x": one(x)})
        return [data["y0"][0], data[f"y{size - 1}"][0]]

    return Work(run, list)


def arrays(size: int) -> Work:  # noqa: ARG001
    def stage(i: int) -> Model:
        read, make = f"y{i}", f"y{i + 1}"
        return Model(
            f"D{i}",
            reads={read: np.zeros(cases.FLOATS)},
            makes=[make],
            function=lambda data: {make: cases.stage_array(data[read])},
        )

    process = composed([stage(i) for i in range(cases.STAGES)])
    return Work(through(process, cases.start_array, f"y{cases.STAGES}"), cases.ends)


def frames(size: int) -> Work:  # noqa: ARG001
    stages = [Tables(f"y{i}", f"y{i + 1}", cases.stage_frame) for i in range(cases.STAGES)]
    run = through(composed(stages), cases.start_frame, f"y{cases.STAGES}")
    return Work(run, lambda frame: cases.ends(frame.to_numpy()))


def headline(solver: type[Discipline]) -> Work:
    """Two disciplines coupled by tables alone."""
    start = cases.zeros_frame()
    parts = [Tables("B", "A", cases.half_and_one, start), Tables("A", "B", cases.half_and_one, start)]
    process = solver(parts, **PRECISE)

    def run(x: float) -> list[float]:  # noqa: ARG001
        data = process.execute()
        return [float(data[name]["value"].iloc[0]) for name in "AB"]

    return Work(
        run,
        list,
        notes=lambda _: {
            "iterations": len(process.residual_history),
            "residual": float(process.normed_residual),
        },
    )


def forget(row: str) -> None:
    """Two rows are of one graph, which takes seconds to build."""
    if row != "dag":
        dag_process.cache_clear()


WORKS: cases.Contender = {
    "sellar": lambda size: sellar_work(MDAGaussSeidel),
    "sellar_newton": lambda size: sellar_work(MDANewtonRaphson),
    "optimum": optimum,
    "chain": chain,
    "chain_derivative": chain_derivative,
    "dag": dag,
    "one_changed": one_changed,
    "ring": lambda size: ring_work(size, MDAGaussSeidel),
    "ring_newton": lambda size: ring_work(size, MDANewtonRaphson),
    "ring_accelerated": lambda size: ring_work(size, MDAGaussSeidel, acceleration_method="Alternate2Delta"),
    "arrays": arrays,
    "frames": frames,
    "samples": samples,
    "headline": lambda size: headline(MDAGaussSeidel),
    "headline_jacobi": lambda size: headline(MDAJacobi),
}
