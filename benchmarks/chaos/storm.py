"""One run: users at work, accidents by plan, then calm, and the audit."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.chaos.audit import Audit, Counts
from benchmarks.chaos.harm import Harm
from benchmarks.chaos.http_client import Client
from benchmarks.chaos.journal import Journal
from benchmarks.chaos.plan import MEANING, accidents
from benchmarks.chaos.stage import Stage, has_faketime
from benchmarks.chaos.user import User
from benchmarks.chaos.world import World, world_of

_STEP = 0.1


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is wanted of a run.

    Attributes:
        seed: of the plan of accidents, and of what users do.
        seconds: so long executions are requested at the most.
        executions: so many are requested at the most; None: as many as come.
        on_postgresql: PostgreSQL and Redis behind wires; else SQLite and the embedded queue server.
        users: threads, each with a study case of its own.
        groups: owners of these.
        pools: of two workers each.
        pause: seconds between two accidents, on average.
        nap: the longest that a discipline sleeps.
        calm_seconds: so soon after the last accident everything has to have ended.
        verbose: whether accidents are told as they happen.
    """

    seed: int
    seconds: float
    executions: int | None = None
    on_postgresql: bool = False
    users: int = 12
    groups: int = 4
    pools: int = 2
    pause: float = 1.5
    nap: float = 0.4
    calm_seconds: float = 120.0
    verbose: bool = False


@dataclass
class Outcome:
    """What came of it."""

    options: Options
    counts: Counts
    journal: Journal
    seconds: float  # from the first request to the last accident
    settling: float  # from there to the end of the last execution
    left_out: list[str] = field(default_factory=list)  # accidents that could not happen here

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "seed": self.options.seed,
            "database": "postgresql" if self.options.on_postgresql else "sqlite",
            "seconds": round(self.seconds, 1),
            "settling_seconds": round(self.settling, 1),
            "accepted": len(self.journal.accepted),
            "states": dict(self.counts.states),
            "attempts": {str(attempt): count for attempt, count in sorted(self.counts.attempts.items())},
            "compared": self.counts.compared,
            "accidents": dict(self.journal.accidents),
            "left_out": self.left_out,
            "answers": dict(self.journal.requests),
            "violations": [asdict(violation) for violation in self.journal.violations],
        }


def run(options: Options) -> Outcome:
    """One run."""
    journal = Journal(seed=options.seed, verbose=options.verbose)
    stage = Stage(journal, options.on_postgresql, pools=options.pools, skewed=has_faketime())
    with stage, world_of(stage) as world:
        storm = _Storm(options, stage, world, journal)
        seconds, settling = storm.rage()
        audit = Audit(stage, journal, session=world.session, values=world.platform.values)
        counts = audit.executions()
        audit.queue()
        audit.workers()
        audit.disk()
        stage.stop()
        audit.processes()
        if journal.violations:
            journal.lines += [f"web: {line}" for line in stage.platform.log("web").splitlines()]
            journal.lines += [f"workers: {line}" for line in stage.platform.log("workers").splitlines()]
    return Outcome(options, counts, journal, seconds, settling, left_out=storm.left_out)


class _Storm:
    def __init__(self, options: Options, stage: Stage, world: World, journal: Journal) -> None:
        self._options, self._stage, self._journal = options, stage, journal
        self._is_over = self._gives_up = False
        self._harm = Harm(stage, journal)
        self.left_out = [kind for kind in MEANING if kind not in self._harm.kinds]
        owned = world.owned_studies(options.users, groups=options.groups)
        address = stage.start()
        self._wait(lambda: len(stage.workers) >= 2 * options.pools, seconds=90)
        self._users = [
            User(
                study,
                client=Client(address, secret=secret, journal=journal, gives_up=lambda: self._gives_up),
                journal=journal,
                seed=f"{options.seed} {study.name}",
                goes_on=self._goes_on,
                gives_up=lambda: self._gives_up,
                nap=options.nap,
            )
            for study, secret in owned
        ]

    def rage(self) -> tuple[float, float]:
        """Let users work and accidents happen until enough was requested; then wait for the end."""
        plan = accidents(self._options.seed, kinds=self._harm.kinds, pause=self._options.pause)
        began = time.monotonic()
        for user in self._users:
            user.start()
        accident = next(plan)
        while self._goes_on() and time.monotonic() - began < self._options.seconds:
            time.sleep(_STEP)
            self._harm.mend()
            self._stage.keep()
            if time.monotonic() - began >= accident.at:
                self._harm.happen(accident)
                accident = next(plan)
        self._is_over = True
        self._harm.mend(all_at_once=True)
        calm = time.monotonic()
        self._journal.tell("calm")
        self._wait(
            lambda: not any(thread.is_alive() for thread in self._threads()),
            seconds=self._options.calm_seconds,
        )
        settled = time.monotonic()
        self._gives_up = True
        for thread in self._threads():
            thread.join()
        return calm - began, settled - calm

    def _threads(self) -> list[threading.Thread]:
        """Users, and who listens for them."""
        return [thread for user in self._users for thread in (user, *user.listeners)]

    def _goes_on(self) -> bool:
        wanted = self._options.executions
        return not self._is_over and (wanted is None or len(self._journal.accepted) < wanted)

    def _wait(self, condition: Callable[[], bool], *, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(_STEP)
            self._stage.keep()
