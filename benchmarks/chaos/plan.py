"""Which accidents happen when: the same seed gives the same plan."""

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass

# How often, beside the others; every kind is in `accidents.Accidents`, and told in `MEANING`.
WEIGHTS = {
    "horse": 5,
    "worker": 4,
    "sweeper": 1,
    "pool": 1,
    "web": 1,
    "web_worker": 2,
    "redis": 1,
    "flush": 2,
    "postgresql": 1,
    "freeze_worker": 2,
    "freeze_run": 2,
    "freeze_redis": 1,
    "disk": 1,
    "clock": 2,
    "net_stall": 1,
    "net_reset": 2,
    "net_refuse": 1,
}
MEANING = {
    "horse": "kill -9 of a work-horse",
    "worker": "kill -9 of a worker",
    "sweeper": "kill -9 of a sweeper",
    "pool": "kill -9 of a pool of workers",
    "web": "kill -9 of the web server",
    "web_worker": "kill -9 of a process of the web server",
    "redis": "kill -9 of the queue server",
    "flush": "FLUSHALL of the queue server",
    "postgresql": "kill -9 of PostgreSQL",
    "freeze_worker": "a worker stands still for longer than its lease",
    "freeze_run": "a worker and its work-horse stand still for longer than their lease",
    "freeze_redis": "the queue server stands still",
    "disk": "the disk of the value store is full",
    "clock": "the clock of a pool jumps",
    "net_stall": "no packet comes through to a server",
    "net_reset": "the connections to a server break off",
    "net_refuse": "a server refuses connections",
}
_LEAST_SECONDS, _MOST_SECONDS = 2.0, 4.0
_FROZEN_SECONDS = 3.5  # so much longer stands still what is to lose its lease
_FROZEN = frozenset({"freeze_worker", "freeze_run"})


@dataclass(frozen=True)
class Accident:
    """One accident.

    Attributes:
        at: seconds after the start.
        kind: key of `MEANING`.
        pick: 0 to 1: whom of those that are there it hits.
        seconds: how long it lasts, if it lasts.
        strength: -1 to 1: how far a clock jumps.
    """

    at: float
    kind: str
    pick: float
    seconds: float
    strength: float


def accidents(seed: int, *, kinds: Collection[str], pause: float) -> Iterator[Accident]:
    """The plan, without end.

    Args:
        seed: Of all that is random in it.
        kinds: What can happen here.
        pause: Seconds between two accidents, on average.
    """
    rng = random.Random(seed)
    possible = [kind for kind in WEIGHTS if kind in kinds]
    weights = [WEIGHTS[kind] for kind in possible]
    at = 0.0
    while True:
        at += rng.uniform(0.2, 1.8) * pause
        (kind,) = rng.choices(possible, weights)
        seconds = rng.uniform(_LEAST_SECONDS, _MOST_SECONDS) + _FROZEN_SECONDS * (kind in _FROZEN)
        yield Accident(at, kind, pick=rng.random(), seconds=seconds, strength=rng.uniform(-1.0, 1.0))
