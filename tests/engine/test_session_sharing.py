"""A session shares its values with the result it gave last, and takes its own when they change."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import DisciplineRaised, build
from sostrades_api.engine.tally import Tally
from tests.engine.making import discipline, process

START = {"type": "float", "default": 0.5}
SIZE = 6


def tree(size=SIZE):
    """D0 is read by all others; each has an input of its own, and refuses 77."""
    disciplines = {}
    for i in range(size):
        reads = {f"x{i}": START, **({"v0": None} if i else {})}

        def compute(inputs, i=i):
            if inputs[f"x{i}"] == 77.0:
                msg = "no 77"
                raise ValueError(msg)
            return {f"v{i}": sum(inputs.values()) / 2, f"w{i}": 1.0}

        disciplines[f"D{i}"] = discipline(reads, {f"v{i}": None, f"w{i}": None}, compute)
    return process(disciplines)


NAMES = [f"x{i}" for i in range(SIZE)]
CHANGES = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from([0.5, 1.0, 77.0]) | st.floats(-9, 9), max_size=2
)


@settings(deadline=None, max_examples=60)
@given(changes=st.lists(st.tuples(CHANGES, st.sampled_from(["result", "values", "slots", ""])), max_size=8))
def test_whatever_is_kept_of_a_result_stays_as_it_was(changes):
    plan = build(tree())
    session, known, kept = plan.session(), {}, []
    session.execute()
    for change, keep in changes:
        known.update(change)
        if 77.0 in known.values():
            with pytest.raises(DisciplineRaised, match="no 77"):
                session.execute(change)
            known = {name: value for name, value in known.items() if value != 77.0}
            session.execute({name: known.get(name, 0.5) for name in change})
        result = session.execute(change if 77.0 not in change.values() else {})
        wanted = dict(plan.execute(known).values)
        wanted.pop("residuals_history")
        slots = result.values.slots
        kept.append((keep, {"result": result, "values": result.values, "slots": slots}.get(keep), wanted))
        del result, slots
        for how, thing, values in kept:
            if how:
                assert seen(plan, how, thing) == values


def seen(plan, how, thing):
    if how == "slots":
        made = [name for name, variable in plan.variables.items() if variable.io == "out"]
        return {name: thing[plan.slot(name)] for name in made if name != "residuals_history"}
    values = dict(thing.values if how == "result" else thing)
    values.pop("residuals_history")
    return values


def test_a_session_copies_its_values_only_for_who_keeps_a_result():
    session = build(tree()).session()
    first = session.execute().values.slots
    assert session.execute({"x1": 2.0}).values.slots is not first
    at = id(session.execute({"x1": 3.0}).values.slots)
    assert id(session.execute({"x1": 4.0}).values.slots) == at


def test_numbers_of_a_few_disciplines_are_told_of_all():
    session = build(tree()).session()
    session.execute()
    result = session.execute({"x2": 3.0, "x5": 1.0})
    assert dict(result.runs) == {f"D{i}": int(i in {2, 5}) for i in range(SIZE)}
    assert [path for path, seconds in result.seconds.items() if seconds > 0.0] == ["D2", "D5"]
    assert result.reused == ("D0", "D1", "D3", "D4")


def test_a_tally_of_few_adds_up_what_was_clocked_together():
    tally = Tally(4, few=True)
    tally.single[2] += 1.0
    tally.counts[2] += 1
    tally.add_together((1, 2), 2.0, (0.25, 0.5))
    assert tally.seconds == [0.0, 0.5, 2.0, 0.0]
    assert tally.runs == [0, 1, 2, 0]
