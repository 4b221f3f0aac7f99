"""Frozen dataclasses with a quick ``__init__`` are as others in all else."""

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from sostrades_api.engine.quick_frozen import quick_frozen


@quick_frozen
@dataclass(frozen=True)
class Event:
    path: str
    index: int = 3
    seen: list[int] = field(default_factory=list)


@quick_frozen
@dataclass(frozen=True, kw_only=True)
class Outcome:
    residual: float
    worst: int | None = None


def test_it_takes_the_same_arguments():
    assert Event("a") == Event(path="a", index=3, seen=[])
    assert Event("a", 4, [1]).seen == [1]
    assert Outcome(residual=0.5) == Outcome(worst=None, residual=0.5)


def test_a_default_that_is_made_is_made_anew():
    assert Event("a").seen is not Event("a").seen


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="path"):
        Event()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Outcome(0.5)  # type: ignore[misc]
    with pytest.raises(TypeError, match="other"):
        Outcome(residual=0.5, other=1)  # type: ignore[call-arg]


def test_it_stays_frozen_and_replaceable():
    event = Event("a")
    with pytest.raises(FrozenInstanceError):
        event.index = 5  # type: ignore[misc]
    assert replace(event, index=5) == Event("a", 5)
    assert repr(replace(event, index=5)) == "Event(path='a', index=5, seen=[])"
