"""Whichever way an array comes to a discipline, no discipline can make it writeable again."""

import numpy as np
import pytest

from sostrades_api.engine import Process, build
from sostrades_api.engine.result_cache import MemoryCache
from tests.engine.making import discipline, process

ARRAY = {"type": "array"}
DICT = {"type": "dict", "subtype_descriptor": {"dict": "array"}}
LIST = {"type": "list", "subtype_descriptor": {"list": "array"}}


class Prober:
    """A discipline's ``run`` that tries to write each array it is given, and counts them."""

    def __init__(self, compute):
        self.compute, self.seen = compute, 0

    def __call__(self, inputs):
        for value in inputs.values():
            inside = (
                value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
            )
            for array in inside:
                self.seen += 1
                with pytest.raises(ValueError, match="WRITEABLE"):
                    array.flags.writeable = True
        return self.compute(inputs)


def pair(prober, **numerical):
    """A loop of two arrays, a = b / 2 + 1, b = a / 2 + 1; the prober makes a."""
    other = discipline({"a": ARRAY}, {"b": ARRAY}, lambda inputs: {"b": inputs["a"] / 2 + 1})
    first = discipline({"b": {**ARRAY, "default": [0.0, 0.0]}}, {"a": ARRAY}, prober)
    return build(process({"A": first, "B": other}, numerical=numerical))


def half(inputs):
    return {"a": inputs["b"] / 2 + 1}


@pytest.mark.parametrize(
    "numerical",
    [
        {"sub_mda_class": solver, "acceleration": acceleration}
        for solver in ("MDAGaussSeidel", "MDAJacobi")
        for acceleration in ("", "Aitken", "Anderson")
    ]
    + [{"sub_mda_class": solver} for solver in ("MDANewtonRaphson", "MDAQuasiNewton", "MDAGSNewton")]
    + [{"relaxation_factor": 0.7}],
    ids=lambda numerical: " ".join(map(str, numerical.values())),
)
def test_in_a_loop(numerical):
    prober = Prober(half)
    plan = pair(prober, **numerical)
    result = plan.execute()
    plan.execute({"warm_start": True}, previous=result.values)
    assert result.values["a"].tolist() == pytest.approx([2.0, 2.0])
    assert prober.seen > 2


def test_in_derivatives_by_finite_differences():
    prober = Prober(lambda inputs: {"y": float(inputs["x"].sum())})
    plan = build(process({"A": discipline({"x": ARRAY}, {"y": None}, prober)}))
    plan.derivatives({"x": np.ones(3)}, of=["y"], wrt=["x"], method="finite_differences")
    assert prober.seen > 3


@pytest.mark.parametrize("descriptor", [ARRAY, DICT, LIST])
def test_of_a_user_or_another_discipline_and_in_other_units(descriptor):
    made = {
        "array": lambda: np.ones(3),
        "dict": lambda: {"k": np.ones(3)},
        "list": lambda: [np.ones(3)[::2], np.ones((2, 2)).T],
    }[descriptor["type"]]
    prober = Prober(lambda _inputs: {"y": 1.0})
    maker = discipline({}, {"made": {**descriptor, "unit": "km"}}, lambda _inputs: {"made": made()})
    reads = {
        "given": descriptor,
        "default": {**descriptor, "default": made()},
        "made": {**descriptor, "unit": "m"},
    }
    build(process({"A": maker, "B": discipline(reads, {"y": None}, prober)})).execute({"given": made()})
    assert prober.seen >= 3


def test_in_a_nested_process_a_session_a_cache_samples_and_other_processes():
    prober = Prober(lambda inputs: {"y": inputs["x"] + 1})
    maker = discipline({"s": None}, {"x": ARRAY}, lambda inputs: {"x": np.full(4, inputs["s"])})
    reader = discipline({"x": ARRAY}, {"y": ARRAY}, prober)
    end = discipline({"y": ARRAY}, {"z": None}, lambda inputs: {"z": float(inputs["y"].sum())})
    inner = Process("inner", disciplines={"B": reader}, namespaces={})
    plan = build(process({"A": maker, "Inner": inner, "C": end}))
    session, cache = plan.session(), MemoryCache(least_seconds=0.0)
    for s in (1.0, 2.0, 1.0):
        assert session.execute({"s": s}).values["z"] == 4 * (s + 1)
        assert plan.execute({"s": s}, cache=cache).values["z"] == 4 * (s + 1)
        assert plan.execute({"s": s, "cache_type": "SimpleCache"}).values["z"] == 4 * (s + 1)
        for parallel_by in ("threads", "processes"):
            values = {"s": s, "n_processes": 2, "parallel_by": parallel_by}
            assert plan.execute(values).values["z"] == 4 * (s + 1)
    assert plan.execute_many({"s": [1.0, 2.0]}, outputs=["z"]).values["z"] == [8.0, 12.0]
    assert prober.seen > 5
    for name in ("x", "y"):
        with pytest.raises(ValueError, match="WRITEABLE"):
            plan.execute({"s": 1.0}).values[name].flags.writeable = True
