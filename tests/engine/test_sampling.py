"""Many samples with one plan."""

import pytest

from sostrades_api.engine import Declared, Discipline, ExecutionStopped, InvalidInputs, build
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
