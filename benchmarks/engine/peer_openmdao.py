"""The same work with OpenMDAO, as its documentation shows it: explicit components with analytic partials.

Reports and printing are off, derivatives are only set up where they are asked for, and loops start from
the same values every time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import openmdao.api as om

from benchmarks.engine import cases, limit
from benchmarks.engine.cases import Work


class Scalar(om.ExplicitComponent):
    """Named numbers in and out; ``function`` and ``slopes`` give values and partials by name."""

    def initialize(self) -> None:
        for name in ("reads", "makes", "function", "slopes"):
            self.options.declare(name, default=None)

    def setup(self) -> None:
        for name in self.options["reads"]:
            self.add_input(name, 1.0)
        for name in self.options["makes"]:
            self.add_output(name, 1.0)
        if self.options["slopes"] is not None:
            self.declare_partials("*", "*")

    def compute(self, inputs: Any, outputs: Any) -> None:
        self.options["function"](inputs, outputs)

    def compute_partials(self, inputs: Any, partials: Any) -> None:
        self.options["slopes"](inputs, partials)


class Link(om.ExplicitComponent):
    def setup(self) -> None:
        self.add_input("a", 1.0)
        self.add_output("b", 1.0)
        self.declare_partials("b", "a", val=cases.SLOPE)

    def compute(self, inputs: Any, outputs: Any) -> None:
        outputs["b"] = cases.SLOPE * inputs["a"] + cases.STEP


class Blend(om.ExplicitComponent):
    def setup(self) -> None:
        for name in "abc":
            self.add_input(name, 1.0)
        self.add_input("p", cases.PARAMETER)
        self.add_output("y", 1.0)

    def compute(self, inputs: Any, outputs: Any) -> None:
        outputs["y"] = 0.3 * inputs["a"] + 0.3 * inputs["b"] + 0.4 * inputs["c"] + inputs["p"]


class RingNode(om.ExplicitComponent):
    def setup(self) -> None:
        for name in ("left", "right", "x"):
            self.add_input(name, 1.0)
        self.add_output("y", 1.0)
        self.declare_partials("y", "left")
        self.declare_partials("y", "right", val=cases.PULL)
        self.declare_partials("y", "x", val=1.0)

    def compute(self, inputs: Any, outputs: Any) -> None:
        outputs["y"] = cases.ring_node(inputs["left"][0], inputs["right"][0], inputs["x"][0])

    def compute_partials(self, inputs: Any, partials: Any) -> None:
        partials["y", "left"] = cases.ring_slopes(inputs["left"][0])[0]


class ArrayStage(om.ExplicitComponent):
    def setup(self) -> None:
        self.add_input("a", np.zeros(cases.FLOATS))
        self.add_output("b", np.zeros(cases.FLOATS))

    def compute(self, inputs: Any, outputs: Any) -> None:
        outputs["b"] = cases.stage_array(inputs["a"])


class FrameStage(om.ExplicitComponent):
    """Tables are discrete variables here."""

    def initialize(self) -> None:
        self.options.declare("stage", default=cases.stage_frame)

    def setup(self) -> None:
        self.add_discrete_input("a", cases.zeros_frame())
        self.add_discrete_output("b", cases.zeros_frame())

    def compute(
        self,
        inputs: Any,  # noqa: ARG002
        outputs: Any,  # noqa: ARG002
        discrete_inputs: Any = None,
        discrete_outputs: Any = None,
    ) -> None:
        discrete_outputs["b"] = self.options["stage"](discrete_inputs["a"])


def ready(problem: om.Problem, **options: Any) -> om.Problem:
    problem.setup(**options)
    problem.set_solver_print(level=-1)
    problem.final_setup()
    return problem


def problem() -> om.Problem:
    return om.Problem(reports=None)


def chained(make: Callable[[], Any], size: int, **options: Any) -> om.Problem:
    """Components between y0, y1, ..., y<size>."""
    made = problem()
    for i in range(size):
        made.model.add_subsystem(f"d{i}", make(), promotes=[("a", f"y{i}"), ("b", f"y{i + 1}")])
    return ready(made, **options)


def through(made: om.Problem, start: Callable[[float], Any], last: str) -> Callable[[float], Any]:
    def run(x: float) -> Any:
        made.set_val("y0", start(x))
        made.run_model()
        return made.get_val(last)

    return run


def chain(size: int) -> Work:
    made = chained(Link, size, derivatives=False)
    return Work(through(made, float, f"y{size}"), lambda y: [y[0]])


def chain_derivative(size: int) -> Work:
    made = chained(Link, size, mode="fwd")
    execute, of, wrt = through(made, float, f"y{size}"), [f"y{size}"], ["y0"]

    def run(x: float) -> Any:
        return execute(x)[0], made.compute_totals(of, wrt)[of[0], "y0"][0, 0]

    return Work(run, list)


def dag_problem(size: int) -> om.Problem:
    made = problem()
    for i, parents in enumerate(cases.dag(size).parents):
        names = [f"y{n}" if n >= 0 else f"start_{kind}" for kind, n in zip(cases.KINDS, parents, strict=True)]
        promoted = [*zip(cases.KINDS, names, strict=True), ("p", f"p{i}"), ("y", f"y{i}")]
        made.model.add_subsystem(f"d{i}", Blend(), promotes=promoted)
    return ready(made, derivatives=False)


def dag(size: int) -> Work:
    made = dag_problem(size)

    def run(x: float) -> Any:
        made.set_val("start_a", x)
        made.run_model()
        return made.get_val(f"y{size - 1}")

    return Work(run, lambda y: [y[0]])


def one_changed(size: int) -> Work:
    made = dag_problem(size)
    name = f"p{cases.dag(size).node_reaching(0.01)}"

    def run(x: float) -> om.Problem:
        made.set_val(name, cases.PARAMETER + cases.CHANGED_BY * x)
        made.run_model()
        return made

    def answer(ran: om.Problem) -> list[float]:
        values = [ran.get_val(f"y{i}")[0] for i in range(size)]
        return [values[-1], sum(values)]

    return Work(run, answer)


def looped(made: om.Problem, run: Callable[[om.Problem, float], Any]) -> Callable[[float], Any]:
    """Start every solve from the same values, which OpenMDAO does not by itself."""
    start = made.model._outputs.asarray(copy=True)  # noqa: SLF001 - setting each by name takes longer

    def execute(x: float) -> Any:
        made.model._outputs.set_val(start)  # noqa: SLF001
        return run(made, x)

    return execute


def gauss_seidel(**options: Any) -> om.NonlinearBlockGS:
    return om.NonlinearBlockGS(
        maxiter=cases.MOST_ITERATIONS, atol=cases.TOLERANCE, rtol=cases.TOLERANCE, iprint=-1, **options
    )


def newton() -> om.NewtonSolver:
    return om.NewtonSolver(
        solve_subsystems=False, maxiter=50, atol=cases.TOLERANCE, rtol=cases.TOLERANCE, iprint=-1
    )


def sellar_1(inputs: Any, outputs: Any) -> None:
    outputs["y_1"] = inputs["z_1"] ** 2 + inputs["z_2"] + inputs["x"] - 0.2 * inputs["y_2"]


def sellar_1_slopes(inputs: Any, partials: Any) -> None:
    partials["y_1", "z_1"] = 2.0 * inputs["z_1"]
    partials["y_1", "z_2"] = partials["y_1", "x"] = 1.0
    partials["y_1", "y_2"] = -0.2


def sellar_2(inputs: Any, outputs: Any) -> None:
    outputs["y_2"] = inputs["y_1"] ** 0.5 + inputs["z_1"] + inputs["z_2"]


def sellar_2_slopes(inputs: Any, partials: Any) -> None:
    partials["y_2", "y_1"] = 0.5 * inputs["y_1"] ** -0.5
    partials["y_2", "z_1"] = partials["y_2", "z_2"] = 1.0


def sellar_problem(inputs: Any, outputs: Any) -> None:
    outputs["objective"] = inputs["x"] ** 2 + inputs["z_2"] + inputs["y_1"] + np.exp(-inputs["y_2"])
    outputs["c_1"] = 3.16 - inputs["y_1"]
    outputs["c_2"] = inputs["y_2"] - 24.0


def sellar_problem_slopes(inputs: Any, partials: Any) -> None:
    partials["objective", "x"] = 2.0 * inputs["x"]
    partials["objective", "z_2"] = partials["objective", "y_1"] = 1.0
    partials["objective", "y_2"] = -np.exp(-inputs["y_2"])
    partials["c_1", "y_1"] = -1.0
    partials["c_2", "y_2"] = 1.0


def sellar_model(solver: Any, *, linear: Any = None, slopes: bool = False) -> om.Problem:
    made = problem()
    cycle = made.model.add_subsystem("cycle", om.Group(), promotes=["*"])
    parts = (
        (cycle, ("x", "z_1", "z_2", "y_2"), ("y_1",), sellar_1, sellar_1_slopes),
        (cycle, ("z_1", "z_2", "y_1"), ("y_2",), sellar_2, sellar_2_slopes),
        (
            made.model,
            ("x", "z_2", "y_1", "y_2"),
            ("objective", "c_1", "c_2"),
            sellar_problem,
            sellar_problem_slopes,
        ),
    )
    for i, (group, reads, makes, function, slope) in enumerate(parts):
        part = Scalar(reads=reads, makes=makes, function=function, slopes=slope if slopes else None)
        group.add_subsystem(f"d{i}", part, promotes=["*"])
    made.model.set_input_defaults("z_1", cases.Z_1)
    made.model.set_input_defaults("z_2", cases.Z_2)
    cycle.nonlinear_solver = solver
    if linear is not None:
        cycle.linear_solver = linear
    return made


def run_sellar(made: om.Problem, x: float) -> list[float]:
    made.set_val("x", x)
    made.run_model()
    return [made.get_val(name)[0] for name in ("objective", "c_1", "c_2")]


def sellar(size: int) -> Work:  # noqa: ARG001
    made = ready(sellar_model(gauss_seidel()), derivatives=False)
    return Work(looped(made, run_sellar), list)


def sellar_newton(size: int) -> Work:  # noqa: ARG001
    made = ready(sellar_model(newton(), linear=om.DirectSolver(), slopes=True))
    return Work(looped(made, run_sellar), list)


def samples(count: int) -> Work:
    """A loop over one problem: quicker than its driver, which records every sample."""
    made = ready(sellar_model(gauss_seidel()), derivatives=False)
    evaluate = looped(made, run_sellar)
    return Work(
        lambda x: [evaluate(value)[0] for value in cases.sample_inputs(count, x)],
        limit.first_last,
        samples=count,
    )


def optimum(size: int) -> Work:  # noqa: ARG001
    made = sellar_model(gauss_seidel(), linear=om.DirectSolver(), slopes=True)
    made.driver = om.ScipyOptimizeDriver(optimizer="SLSQP", tol=1e-9, disp=False)
    for name, (low, high) in zip(("z_1", "z_2", "x"), cases.BOUNDS, strict=True):
        made.model.add_design_var(name, lower=low, upper=high)
    made.model.add_objective("objective")
    made.model.add_constraint("c_1", upper=0.0)
    made.model.add_constraint("c_2", upper=0.0)
    ready(made)

    def run(ran: om.Problem, x: float) -> list[float]:
        for name, value in (("z_1", 5.0), ("z_2", 2.0), ("x", x)):
            ran.set_val(name, value)
        ran.run_driver()
        return [ran.get_val("objective")[0]]

    return Work(looped(made, run), list)


def ring_work(size: int, solver: Any, linear: Any = None) -> Work:
    made = problem()
    for i in range(size):
        promoted = [("left", f"y{(i - 1) % size}"), ("right", f"y{(i + 1) % size}"), "x", ("y", f"y{i}")]
        made.model.add_subsystem(f"d{i}", RingNode(), promotes=promoted)
    made.model.nonlinear_solver = solver
    if linear is not None:
        made.model.linear_solver = linear
    ready(made, derivatives=linear is not None)

    def run(ran: om.Problem, x: float) -> list[float]:
        ran.set_val("x", x)
        ran.run_model()
        return [ran.get_val("y0")[0], ran.get_val(f"y{size - 1}")[0]]

    return Work(looped(made, run), list)


def arrays(size: int) -> Work:  # noqa: ARG001
    made = chained(ArrayStage, cases.STAGES, derivatives=False)
    return Work(through(made, cases.start_array, f"y{cases.STAGES}"), cases.ends)


def frames(size: int) -> Work:  # noqa: ARG001
    made = chained(FrameStage, cases.STAGES, derivatives=False)
    run = through(made, cases.start_frame, f"y{cases.STAGES}")
    return Work(run, lambda frame: cases.ends(frame.to_numpy()))


def headline(size: int) -> Work:  # noqa: ARG001
    """Two components coupled by discrete variables alone; not to converge is an error."""
    made = problem()
    for name, promoted in (("A", [("a", "B"), ("b", "A")]), ("B", [("a", "A"), ("b", "B")])):
        made.model.add_subsystem(f"d{name}", FrameStage(stage=cases.half_and_one), promotes=promoted)
    made.model.nonlinear_solver = gauss_seidel(err_on_non_converge=True)
    ready(made, derivatives=False)

    def run(x: float) -> list[float]:  # noqa: ARG001
        made.run_model()
        return [float(made.get_val(name)["value"].iloc[0]) for name in "AB"]

    return Work(run, list)


WORKS: cases.Contender = {
    "sellar": sellar,
    "sellar_newton": sellar_newton,
    "optimum": optimum,
    "chain": chain,
    "chain_derivative": chain_derivative,
    "dag": dag,
    "one_changed": one_changed,
    "ring": lambda size: ring_work(size, gauss_seidel()),
    "ring_newton": lambda size: ring_work(size, newton(), om.DirectSolver()),
    "ring_accelerated": lambda size: ring_work(size, gauss_seidel(use_aitken=True)),
    "arrays": arrays,
    "frames": frames,
    "samples": samples,
    "headline": headline,
}
