"""Processes whose disciplines depend on structuring inputs, and processes within processes."""

import pytest

from sostrades_api.engine import (
    Composed,
    Discipline,
    Place,
    PlaceError,
    Process,
    StructureFailed,
    UnknownNamespace,
    build,
    run,
)

FLOAT = {"type": "float"}
LIST = {"type": "list", "subtype_descriptor": {"list": "string"}}


class Sector(Discipline):
    """Output of a sector."""

    DESC_IN = {"capital": {**FLOAT, "default": 2.0}, "price": {**FLOAT, "namespace": "ns_economy"}}
    DESC_OUT = {"output": {**FLOAT, "namespace": "ns_sector"}}

    def run(self, inputs):
        return {"output": inputs["capital"] * inputs["price"]}


class Market(Discipline):
    """The price."""

    DESC_IN = {"demand": {**FLOAT, "default": 3.0}}
    DESC_OUT = {"price": {**FLOAT, "namespace": "ns_economy"}}

    def run(self, inputs):
        return {"price": inputs["demand"] / 2}


def sectors(values):
    return Composed(
        disciplines={
            f"Sectors.{name}": Place(Sector, namespaces={"ns_sector": f"Results.{name}"})
            for name in values["sectors"]
        }
    )


ECONOMY = Process(
    "economy",
    disciplines={"Market": Market},
    namespaces={"ns_economy": ""},
    inputs={"sectors": {**LIST, "default": ["steel"]}},
    structure=sectors,
)


def test_a_process_adds_one_discipline_a_sector():
    plan = build(ECONOMY)
    assert plan.disciplines == ("Market", "Sectors.steel")
    values = {"sectors": ["steel", "cement"], "Sectors.cement.capital": 4.0}
    wide = plan.plan_for(values)
    assert set(wide.disciplines) == {"Market", "Sectors.steel", "Sectors.cement"}
    assert wide.variables["sectors"].variable.structuring
    assert wide.variables["sectors"].consumers == ()
    result = wide.execute(values)
    assert result.values["Results.cement.output"] == 6.0
    assert plan.plan_for({"sectors": []}).disciplines == ("Market",)


def test_disciplines_that_stay_are_not_placed_again():
    plan = build(ECONOMY)
    wide = plan.plan_for({"sectors": ["steel", "cement"]})
    wider = plan.plan_for({"sectors": ["steel", "cement", "glass"]})
    assert wide.discipline("Sectors.cement") is wider.discipline("Sectors.cement")


def test_a_process_stands_below_its_place_in_another():
    world = Process("world", disciplines={"North": ECONOMY, "South": ECONOMY})
    plan = build(world, {"South.sectors": ["cement"]})
    assert set(plan.disciplines) == {
        "North.Market",
        "North.Sectors.steel",
        "South.Market",
        "South.Sectors.cement",
    }
    values = {"South.sectors": ["cement"], "South.Market.demand": 5.0}
    assert plan.execute(values).values["South.Results.cement.output"] == 5.0
    assert plan.execute(values).values["North.price"] == 1.5


def test_the_place_of_a_process_says_where_its_namespaces_lie():
    """One price for both economies: the inner market's namespace is put at the world's own node."""
    outside = Process("prices", disciplines={"M": Market})
    inner = Process("shops", disciplines={"Shop": Sector}, namespaces={"ns_sector": ""})
    world = Process(
        "world",
        disciplines={
            "Prices": Place(outside, namespaces={"ns_economy": "Common"}),
            "A": inner,  # finds ns_economy in the world
            "B": Place(inner, namespaces={"ns_economy": "Elsewhere"}),
        },
        namespaces={"ns_economy": "Common"},
    )
    plan = build(world)
    assert plan.variables["Common.price"].consumers == ("A.Shop",)
    assert plan.variables["Elsewhere.price"].io == "in"
    assert "A.output" in plan.variables
    assert run(world, {"Elsewhere.price": 10.0}).values["B.output"] == 20.0


def test_a_missing_namespace_names_process_and_discipline():
    inner = Process("inner", disciplines={"S": Sector}, namespaces={"ns_economy": ""})
    with pytest.raises(UnknownNamespace, match=r"Process inner|'A\.S' uses namespace 'ns_sector'") as caught:
        build(Process("outer", disciplines={"A": inner}))
    assert caught.value.discipline == "A.S"
    assert caught.value.known == ("ns_economy",)


def test_two_disciplines_at_one_path_are_refused():
    inner = Process("inner", disciplines={"M": Market}, namespaces={"ns_economy": ""})
    with pytest.raises(PlaceError, match=r"'A\.M' cannot be placed: another one has the same path"):
        build(Process("outer", disciplines={"A": inner, "A.M": Market}, namespaces={"ns_economy": ""}))
    twice = Process(
        "twice", disciplines={"M": Market}, structure=lambda _: Composed(disciplines={"M": Market})
    )
    with pytest.raises(PlaceError, match="same path"):
        build(twice)


def test_a_structure_of_a_process_may_bring_inputs_that_decide_again():
    def structure(values):
        if not values["detailed"]:
            return Composed(disciplines={"Market": Market})
        named = dict.fromkeys(values.get("markets", ()), Market)
        return Composed(
            disciplines=named,
            inputs={"markets": {**LIST, "default": ["east"]}},
            namespaces={"ns_economy": "Detail"},
        )

    process = Process(
        "nested",
        namespaces={"ns_economy": ""},
        inputs={"detailed": {"type": "bool", "default": False}},
        structure=structure,
    )
    plan = build(process)
    assert (plan.disciplines, "price" in plan.variables) == (("Market",), True)
    detailed = plan.plan_for({"detailed": True})
    assert detailed.disciplines == ("east",)
    assert {"markets", "Detail.price"} <= set(detailed.variables)
    assert plan.plan_for({"detailed": True, "markets": []}).disciplines == ()
    assert (
        plan.plan_for({"detailed": True, "markets": []}).execute({"detailed": True, "markets": []}).converged
    )


def test_a_process_whose_structure_fails_is_named():
    broken = Process(
        "broken", disciplines={"M": Market}, structure=lambda _: {}, namespaces={"ns_economy": ""}
    )
    with pytest.raises(StructureFailed, match=r"'process broken' cannot say.*must return Composed"):
        build(broken)


def test_a_process_without_any_discipline_is_refused():
    with pytest.raises(PlaceError, match="at least one discipline"):
        build(Process("empty"))
