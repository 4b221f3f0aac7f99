"""The search for garbage is put off while plans are made, and left as it was found."""

import gc

import pytest

from sostrades_api.engine import Discipline, Process, build
from sostrades_api.engine.collecting import collection_paused


class Doubled(Discipline):
    DESC_IN = {"x": {"type": "float"}}
    DESC_OUT = {"y": {"type": "float"}}

    def run(self, inputs):
        return {"y": 2.0 * inputs["x"]}


@pytest.fixture(autouse=True)
def _switched_on_afterwards():
    yield
    gc.enable()


@pytest.mark.parametrize("is_on", [True, False])
def test_the_search_is_switched_on_again_only_where_it_was_on(is_on):
    (gc.enable if is_on else gc.disable)()

    def fail():
        with collection_paused():
            assert not gc.isenabled()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert gc.isenabled() is is_on


def test_what_was_made_in_great_numbers_is_still_found_when_it_is_garbage():
    gone = []

    class Ring:
        itself: object = None

        def __del__(self):
            gone.append(True)

    with collection_paused():
        many = [[] for _ in range(200_000)]
        ring = Ring()
        ring.itself = ring
    assert gc.get_count()[0] < 100_000  # none of them waits to be walked over as new
    del ring, many
    gc.collect()
    assert gone == [True]


def test_a_variable_of_a_plan_stays_the_same_object():
    plan = build(Process("doubled", disciplines={"D": Doubled}))
    assert plan.variables["D.y"] is plan.variables["D.y"]
    assert [variable.name for variable in plan.variables.values()] == list(plan.variables)
    assert "D.z" not in plan.variables
    assert plan.variables.get("D.z") is None
