"""How long a discipline allows itself, and what is said of those that use up memory or recurse."""

import time

import pytest

from sostrades_api.engine import (
    Discipline,
    DisciplineOutOfMemory,
    DisciplineOverdue,
    DisciplineRecursed,
    Process,
    SettingsError,
    build,
)


class Made(Discipline):
    """One number."""

    DESC_OUT = {"y": {"type": "float"}}


def run_of(cls):
    build(Process("p", disciplines={"A": cls})).execute()


def test_a_run_that_took_longer_than_its_discipline_allows_fails():
    class Slow(Made):
        MAX_SECONDS = 0.001

        def run(self, inputs):
            time.sleep(0.002)
            return {"y": 1.0}

    class InTime(Slow):
        MAX_SECONDS = 60.0

    run_of(InTime)
    with pytest.raises(DisciplineOverdue, match=r"'A' ran longer than the 0.001 s .* MAX_SECONDS"):
        run_of(Slow)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), "5", True])
def test_a_limit_is_a_time(limit):
    with pytest.raises(SettingsError, match="MAX_SECONDS of Wrong"):
        type("Wrong", (Made,), {"MAX_SECONDS": limit})


def test_memory_and_recursion_have_errors_of_their_own():
    class Large(Made):
        def run(self, inputs):
            return {"y": float(len(bytearray(2**62)))}

    class Deep(Made):
        def run(self, inputs):
            return self.run(inputs)

    with pytest.raises(DisciplineOutOfMemory, match="'A' ran out of memory"):
        run_of(Large)
    with pytest.raises(DisciplineRecursed, match="'A' called itself too often"):
        run_of(Deep)
