"""Inputs and outputs that a discipline declares for the values of its structuring inputs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import (
    DescriptorError,
    Discipline,
    InvalidInputs,
    OtherStructure,
    Process,
    Reference,
    StructureFailed,
    StructureOscillates,
    StructuringComputed,
    build,
    run,
)
from sostrades_api.engine.structure import Declared

NAMES = {"type": "list", "subtype_descriptor": {"list": "string"}, "structuring": True}
FLAG = {"type": "bool", "default": False, "structuring": True}


class Sum(Discipline):
    """Adds one number a name; with ``weighted`` each has a weight."""

    DESC_IN = {
        "names": {**NAMES, "default": ["a"]},
        "weighted": FLAG,
        "start": {"type": "float", "default": 0.0},
    }
    DESC_OUT = {"total": {"type": "float"}}

    def structure(self, values):
        inputs = {name: {"type": "float", "default": 1.0} for name in values["names"]}
        if values["weighted"]:
            inputs |= {f"weight_{name}": {"type": "float", "default": 2.0} for name in values["names"]}
        outputs = {f"share_{name}": {"type": "float"} for name in values["names"]}
        return Declared(
            inputs=inputs, outputs=outputs, defaults={"start": 10.0} if values["weighted"] else {}
        )

    def run(self, inputs):
        names = inputs["names"]
        parts = {name: inputs[name] * inputs.get(f"weight_{name}", 1.0) for name in names}
        total = inputs["start"] + sum(parts.values())
        return {"total": total} | {f"share_{name}": parts[name] / total for name in names}


SUM = Process("sums", disciplines={"Sum": Sum})


def test_a_structuring_input_adds_inputs_and_outputs():
    plan = build(SUM, {"Sum.names": ["a", "b"]})
    assert [name for name in plan.variables if name.startswith("Sum.")] == [
        "Sum.names",
        "Sum.weighted",
        "Sum.start",
        "Sum.a",
        "Sum.b",
        "Sum.total",
        "Sum.share_a",
        "Sum.share_b",
    ]
    result = plan.execute({"Sum.names": ["a", "b"], "Sum.b": 3.0})
    assert result.values["Sum.total"] == 4.0
    assert result.values["Sum.share_b"] == 0.75


def test_variables_disappear_when_they_are_not_declared_any_more():
    plan = build(SUM)
    wide = plan.plan_for({"Sum.names": ["a", "b"]})
    assert "Sum.b" in wide.variables
    assert "Sum.b" not in plan.variables
    assert "Sum.b" not in wide.plan_for({}).variables


def test_a_default_may_depend_on_a_structuring_input():
    plan = build(SUM, {"Sum.weighted": True})
    assert plan.variables["Sum.start"].default == 10.0
    assert build(SUM).variables["Sum.start"].default == 0.0
    assert run(SUM, {"Sum.weighted": True}).values["Sum.total"] == 12.0


def test_plans_are_built_once_for_each_structure():
    plan = build(SUM)
    wide = plan.plan_for({"Sum.names": ["a", "b"], "Sum.a": 5.0})
    assert plan.plan_for({"Sum.names": ["a", "b"], "Sum.a": 6.0}) is wide
    assert plan.plan_for({"Sum.a": 6.0}) is plan
    assert wide.plan_for({}) is plan


def test_a_list_that_its_owner_changes_afterwards_leads_to_another_plan():
    plan, names = build(SUM), ["a"]
    plan.plan_for({"Sum.names": names})
    names.append("b")
    wide = plan.plan_for({"Sum.names": names})
    assert wide.execute({"Sum.names": names}).values["Sum.total"] == 2.0


def test_a_static_process_has_one_plan_and_looks_no_value_up():
    class Untouched(dict):
        def get(self, name, default=None):
            raise AssertionError(name)

        __getitem__ = get

    class Twice(Discipline):
        DESC_IN = {"x": {"type": "float", "default": 1.0}}
        DESC_OUT = {"y": {"type": "float"}}

        def run(self, inputs):
            return {"y": 2 * inputs["x"]}

    plan = build(Process("static", disciplines={"Twice": Twice}))
    assert plan.structuring == {}
    assert plan.plan_for(Untouched()) is plan


def test_a_plan_refuses_values_of_another_structure():
    with pytest.raises(OtherStructure, match=r"Sum\.names"):
        build(SUM).execute({"Sum.names": ["a", "b"]})


class Nested(Discipline):
    """``deep`` appears with ``on``, and brings ``x`` when it is true as well."""

    DESC_IN = {"on": FLAG}
    DESC_OUT = {"y": {"type": "float"}}

    def structure(self, values):
        inputs = {"deep": FLAG} if values["on"] else {}
        if values.get("deep"):
            inputs["x"] = {"type": "float", "default": 7.0}
        return Declared(inputs=inputs)

    def run(self, inputs):
        return {"y": inputs.get("x", 0.0)}


def test_an_added_input_may_itself_be_structuring():
    plan = build(Process("nested", disciplines={"A": Nested}))
    assert "A.deep" not in plan.variables
    half = plan.plan_for({"A.on": True})
    assert "A.deep" in half.variables
    assert "A.x" not in half.variables
    whole = plan.plan_for({"A.on": True, "A.deep": True})
    assert whole.execute({"A.on": True, "A.deep": True}).values["A.y"] == 7.0
    # what decided is gone, and so is all that it brought, even while its value is still given
    assert list(plan.plan_for({"A.on": False, "A.deep": True}).variables) == list(plan.variables)


def test_two_disciplines_may_decide_by_one_shared_input():
    class Reader(Sum):
        DESC_IN = {"names": {**NAMES, "namespace": "ns"}}

        def structure(self, values):
            return Declared(inputs={name: {"type": "float"} for name in values["names"]})

        def run(self, inputs):
            return {"total": 0.0}

    both = Process("both", disciplines={"A": Reader, "B": Reader}, namespaces={"ns": ""})
    plan = build(both)  # nobody gives a value: nothing is added
    assert plan.disciplines == ("A", "B")
    assert {"A.p", "B.p"} <= set(plan.plan_for({"names": ["p"]}).variables)


def test_what_changes_to_and_fro_is_named():
    class Flips(Discipline):
        DESC_IN = {"on": FLAG}
        DESC_OUT = {"y": {"type": "float"}}

        def structure(self, values):
            return Declared(defaults={"on": not values["on"]})

        def run(self, inputs):
            return {"y": 0.0}

    process = Process("flips", disciplines={"A": Flips})
    with pytest.raises(StructureOscillates, match=r"100 rounds.*A\.on"):
        build(process)
    assert build(process, {"A.on": True}).structuring == {"A.on": True}


def test_an_input_that_decides_cannot_be_computed():
    class Makes(Discipline):
        DESC_OUT = {"names": {**{k: v for k, v in NAMES.items() if k != "structuring"}, "namespace": "ns"}}

        def run(self, inputs):
            return {"names": ["a"]}

    class Reads(Discipline):
        DESC_IN = {"names": {**NAMES, "namespace": "ns", "default": []}}
        DESC_OUT = {"y": {"type": "float"}}

        def structure(self, values):
            return Declared()

        def run(self, inputs):
            return {"y": 0.0}

    with pytest.raises(
        StructuringComputed, match="'names' decides the structure of 'B', but 'A' computes it"
    ):
        build(Process("computed", disciplines={"A": Makes, "B": Reads}, namespaces={"ns": ""}))


def test_a_structuring_value_that_does_not_fit_is_named():
    with pytest.raises(InvalidInputs, match=r"Sum\.names"):
        build(SUM, {"Sum.names": 3})


def test_a_structure_that_raises_is_named_with_its_values():
    class Raises(Sum):
        def structure(self, values):
            raise KeyError("lost")

    with pytest.raises(StructureFailed, match=r"'A' cannot say.*names=\['a'\].*KeyError: 'lost'"):
        build(Process("raises", disciplines={"A": Raises}))


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (Declared(inputs={"start": {"type": "float"}}), r"structure\.inputs\['start'\].*declared already"),
        (Declared(outputs={"y": {"type": "flaot"}}), r"structure\.outputs\['y'\].*did you mean"),
        (Declared(defaults={"lost": 1}), r"structure\.defaults\['lost'\].*no such input"),
        (Declared(defaults={"start": "text"}), r"structure\.defaults\['start'\]"),
    ],
)
def test_what_structure_declares_wrongly_is_named(declared, message):
    class Wrong(Sum):
        def structure(self, values):
            return declared

    with pytest.raises(DescriptorError, match=message):
        build(Process("wrong", disciplines={"A": Wrong}))


def test_structure_must_return_declared():
    class Forgets(Sum):
        def structure(self, values):
            return None

    with pytest.raises(StructureFailed, match="must return Declared"):
        build(Process("forgets", disciplines={"A": Forgets}))


def test_a_reference_is_checked_against_its_own_structure():
    wide = Reference("wide", values={"Sum.names": ["a", "b"], "Sum.b": 2.0})
    build(Process("sums", disciplines={"Sum": Sum}, references=(wide,)))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from("abcdef"), unique=True), st.booleans())
def test_any_order_of_structures_leads_to_the_same_plan(names, weighted):
    values = {"Sum.names": names, "Sum.weighted": weighted, "Sum.start": 1.0}
    plan = build(SUM)
    for other in (["a"], ["b", "c"]):
        plan = plan.plan_for({"Sum.names": other, "Sum.weighted": not weighted})
    reached, fresh = plan.plan_for(values), build(SUM, values)
    assert list(reached.variables) == list(fresh.variables)
    assert dict(reached.execute(values).values) | {"residuals_history": 0} == dict(
        fresh.execute(values).values
    ) | {"residuals_history": 0}
