"""What a discipline says of several inputs together fails an execution before anything runs."""

import pytest

from sostrades_api.engine import (
    Discipline,
    DisciplineExited,
    DisciplineRaised,
    InputChanged,
    InvalidInputs,
    build,
    run,
)
from sostrades_api.engine.testing import check_discipline
from tests.engine.making import FLOAT, discipline, process

LOW, HIGH = {"type": "float", "default": 1.0}, {"type": "float", "default": 2.0}
RUNS = []


def refuse_crossed(inputs):
    """Low is not above high."""
    if inputs["low"] > inputs["high"]:
        return {"low": f"{inputs['low']} is above high, {inputs['high']}; lower it"}
    return {}


class Band(Discipline):
    """Has a width."""

    DESC_IN = {"low": LOW, "high": HIGH}
    DESC_OUT = {"width": FLOAT}

    def check_inputs(self, inputs):
        return refuse_crossed(inputs)

    def run(self, inputs):
        RUNS.append(inputs["low"])
        return {"width": inputs["high"] - inputs["low"]}


def band(check, reads=None):
    """A discipline with this check."""
    made = discipline(reads or {"low": LOW, "high": HIGH}, {"width": None}, lambda _inputs: {"width": 0.0})
    made.check_inputs = lambda _self, inputs: check(inputs)
    return made


def test_a_fault_names_variable_and_discipline_and_nothing_runs():
    RUNS.clear()
    with pytest.raises(InvalidInputs) as caught:
        run(process({"A.First": Band, "A.Last": Band}), {"A.Last.low": 3.0})
    assert caught.value.faults == {"A.Last.low": ("3.0 is above high, 2.0; lower it (says 'A.Last')",)}
    assert RUNS == []
    assert run(process({"A": Band}), {"A.low": 2.0}).values["A.width"] == 0.0


def test_all_faults_of_all_disciplines_are_told_at_once():
    def both(inputs):
        return {"low": ["is odd", "is late"], "high": "is odd, too"}

    with pytest.raises(InvalidInputs) as caught:
        run(process({"A": band(both), "B": Band}), {"B.low": 5.0})
    assert caught.value.faults == {
        "low": ("is odd (says 'A')", "is late (says 'A')"),
        "high": ("is odd, too (says 'A')",),
        "B.low": ("5.0 is above high, 2.0; lower it (says 'B')",),
    }


def test_a_check_that_says_nothing_finds_nothing_wrong():
    assert run(process({"A": band(lambda _inputs: None)})).values["width"] == 0.0


def test_what_another_discipline_makes_is_not_asked_for():
    seen = []
    maker = discipline({}, {"low": None}, lambda _inputs: {"low": 7.0})
    reader = band(lambda inputs: seen.append(dict(inputs)), {"low": None, "high": HIGH})
    run(process({"M": maker, "R": reader}))
    assert seen == [{"high": 2.0}]
    with pytest.raises(DisciplineRaised, match=r"'R' raised KeyError\('low'\) in check_inputs: another"):
        run(process({"M": maker, "R": band(refuse_crossed, {"low": None, "high": HIGH})}))


def test_inputs_come_in_the_units_that_the_discipline_declares():
    seen = []
    metres = discipline({"low": {**LOW, "unit": "m"}}, {"y": None}, lambda inputs: {"y": inputs["low"]})
    kilometres = band(seen.append, {"low": {**FLOAT, "unit": "km"}, "high": HIGH})
    assert run(process({"A": metres, "B": kilometres}), {"low": 500.0}).values["y"] == 500.0
    assert seen == [{"low": 0.5, "high": 2.0}]


def append_a_row(inputs):
    """No check at all."""
    inputs["rows"].append(1)


@pytest.mark.parametrize(
    ("check", "error", "said"),
    [
        (lambda _inputs: 1 / 0, DisciplineRaised, "ZeroDivisionError"),
        (lambda _inputs: exit(), DisciplineExited, "tried to end the program"),
        (append_a_row, InputChanged, "change its input 'rows'"),
        (lambda _inputs: ["low"], DisciplineRaised, "must return a dict of faults by input, not list"),
        (lambda _inputs: {"lwo": "is odd"}, DisciplineRaised, "'lwo': 'is odd' is no fault of an input"),
        (lambda _inputs: {"rows": 3}, DisciplineRaised, "in check_inputs"),
    ],
)
def test_a_check_that_fails_itself_names_the_discipline(check, error, said):
    reads = {"rows": {"type": "list", "default": [1.0]}}
    with pytest.raises(error, match=f"'A'.*{said}"):
        run(process({"A": band(check, reads)}))


def test_a_session_refuses_until_the_inputs_are_mended_and_then_goes_on():
    session = build(process({"A": Band})).session()
    with pytest.raises(InvalidInputs):
        session.execute({"A.low": 3.0})
    with pytest.raises(InvalidInputs):
        session.execute()
    assert session.execute({"A.high": 4.0}).values["A.width"] == 1.0
    with pytest.raises(InvalidInputs):
        session.execute({"A.low": 9.0})
    assert session.execute({"A.low": 3.5}).values["A.width"] == 0.5


def test_of_many_samples_only_those_fail_that_are_wrong():
    made = build(process({"A": Band})).execute_many({"A.low": [5.0, 1.0, 3.0]}, outputs=["A.width"])
    assert made.values["A.width"] == [None, 1.0, None]
    assert made.failures.keys() == {0, 2}
    assert isinstance(made.failures[0], InvalidInputs)


def test_the_contract_of_a_discipline_includes_its_check():
    check_discipline(Band)
    with pytest.raises(InvalidInputs, match=r"low: 3\.0 is above high"):
        check_discipline(Band, {"low": 3.0})
