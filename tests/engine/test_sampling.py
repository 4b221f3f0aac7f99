"""Many samples with one plan."""

import pytest

from sostrades_api.engine import (
    CouplingNotConverged,
    Declared,
    Discipline,
    ExecutionStopped,
    InvalidInputs,
    build,
)
from tests.engine.making import discipline, process

X = {"x": {"type": "float", "default": 1.0}}


def halves():
    """y = 1 / x, z = y + c."""
    return build(
        process(
            {
                "A": discipline(X, {"y": None}, lambda i: {"y": 1 / i["x"]}),
                "B": discipline({"y": None, "c": None}, {"z": None}, lambda i: {"z": i["y"] + i["c"]}),
            }
        )
    )


def test_each_sample_is_an_execution_of_its_own():
    plan = halves()
    samples = plan.execute_many({"x": [1, 2.0, 4.0]}, outputs=["z", "y"], values={"c": 1.0})
    assert samples.values == {"z": [2.0, 1.5, 1.25], "y": [1.0, 0.5, 0.25]}
    assert not samples.failures
    assert plan.execute_many({"x": [4.0]}, outputs=["y"], values={"c": 1.0}).values == {"y": [0.25]}


def test_a_sample_that_fails_leaves_the_others():
    samples = halves().execute_many({"x": [1.0, 0.0, 2.0]}, outputs=["y"], values={"c": 0.0})
    assert samples.values["y"] == [1.0, None, 0.5]
    assert list(samples.failures) == [1]
    assert samples.failures[1].discipline == "A"


def test_every_wrong_column_is_named_before_the_first_sample():
    with pytest.raises(InvalidInputs) as caught:
        halves().execute_many({"x": [1.0, "a"], "y": [1.0, 2.0], "no": [1.0, 2.0]}, outputs=["z"])
    assert set(caught.value.faults) == {"x", "y", "no"}
    with pytest.raises(InvalidInputs, match="has 1 samples"):
        halves().execute_many({"x": [1.0, 2.0], "c": [1.0]}, outputs=["z"])
    with pytest.raises(InvalidInputs, match="no such output"):
        halves().execute_many({"x": [1.0]}, outputs=["x"], values={"c": 1.0})


def test_no_samples_make_empty_columns():
    assert halves().execute_many({"x": []}, outputs=["z"], values={"c": 1.0}).values == {"z": []}


def test_samples_can_be_stopped():
    with pytest.raises(ExecutionStopped):
        halves().execute_many({"x": [1.0]}, outputs=["z"], values={"c": 1.0}, should_stop=lambda: True)


def test_accepted_samples_that_did_not_converge_are_named():
    plan = build(
        process(
            {
                "A": discipline(
                    {"b": {"type": "float", "default": 0.0}, "k": None},
                    {"a": None},
                    lambda i: {"a": i["k"] * i["b"] + 1},
                ),
                "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]}),
            }
        )
    )
    accepted = {"allow_unconverged": True, "max_mda_iter": 20}
    samples = plan.execute_many({"k": [0.1, -1.0]}, outputs=["a"], values=accepted)
    assert samples.unconverged == (1,)
    assert samples.values["a"][0] == pytest.approx(1 / 0.9)


def growing_loop(seen=None, **kind):
    """b = k b + 1: converges for k below one; ``seen`` notes each k that A ran with."""

    def made(inputs):
        if seen is not None:
            seen.append(inputs["k"])
        return {"a": inputs["k"] * inputs["b"] + 1}

    reads = {"b": {"type": "float", "default": 0.0}, "k": None}
    first = type("First", (discipline(reads, {"a": None}, made),), kind)
    return build(process({"A": first, "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]})}))


def test_a_sample_is_to_the_bit_what_an_execution_makes():
    ks = [0.0, 0.1, -0.3, 0.8, -0.85, 0.5]
    plan = growing_loop()
    samples = plan.execute_many({"k": ks}, outputs=["a", "b"])
    for number, k in enumerate(ks):
        alone = growing_loop().execute({"k": k}).values
        assert [samples.values[name][number].hex() for name in "ab"] == [alone[name].hex() for name in "ab"]


def test_the_error_of_a_sample_is_that_of_an_execution():
    plan = growing_loop()
    with pytest.raises(CouplingNotConverged) as alone:
        growing_loop().execute({"k": 3.0})
    error = plan.execute_many({"k": [0.1, 0.2, 3.0, 0.1]}, outputs=["a"]).failures[2]
    assert type(error) is type(alone.value)
    assert str(error) == str(alone.value)
    assert error.history == alone.value.history != ()


def test_of_what_draws_no_sample_is_run_twice():
    seen = []
    samples = growing_loop(seen, DETERMINISTIC=False).execute_many({"k": [0.0, 3.0, 0.0]}, outputs=["a"])
    assert list(samples.failures) == [1]
    runs = len(samples.failures[1].history)
    assert seen.count(3.0) in {runs, runs + 1}  # the last sweep may end in the error


def test_samples_that_would_change_the_structure_are_refused():
    class Sum(Discipline):
        DESC_IN = {"names": {"type": "list", "subtype_descriptor": {"list": "string"}, "structuring": True}}
        DESC_OUT = {"total": {"type": "float"}}

        def structure(self, values):
            return Declared(inputs={name: {"type": "float", "default": 1.0} for name in values["names"]})

        def run(self, inputs):
            return {"total": float(len(inputs) - 1)}

    plan = build(process({"S": Sum}), {"S.names": ["a", "b"]})
    assert plan.execute_many({"S.names": [["a", "b"]]}, outputs=["S.total"]).values == {"S.total": [2.0]}
    with pytest.raises(InvalidInputs, match=r"S\.names: decides which variables there are"):
        plan.execute_many({"S.names": [["a", "b"], ["a"]]}, outputs=["S.total"])


def test_a_sample_with_settings_that_no_solver_takes_fails_alone():
    loop = {
        "A": discipline({"b": {"type": "float", "default": 0.0}}, {"a": None}, lambda i: {"a": i["b"] / 2}),
        "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]}),
    }
    samples = build(process(loop)).execute_many({"tolerance": [1e-6, 0.5, 1e-6]}, outputs=["a"])
    assert list(samples.failures) == [1]
    assert [value is None for value in samples.values["a"]] == [False, True, False]
