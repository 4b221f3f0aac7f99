"""The accidents themselves; one that lasts gives what ends it."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
from redis.exceptions import RedisError

from benchmarks.chaos.journal import Journal
from benchmarks.chaos.plan import Accident
from benchmarks.chaos.stage import Stage
from sostrades_api.queueing.connection import connect_web
from sostrades_api.queueing.embedded_state import read_state

Undo = Callable[[], None]
_JUMP_SECONDS = 20.0
_CHUNK = b"\0" * (1 << 20)


class Harm:
    """Does harm to a stage, and puts right what lasts."""

    def __init__(self, stage: Stage, journal: Journal) -> None:
        self._stage, self._journal = stage, journal
        self._undos: list[tuple[float, Undo]] = []
        self._acts: dict[str, Callable[[Accident], str]] = {
            "horse": self._kill_horse,
            "worker": self._kill_worker,
            "sweeper": self._kill_sweeper,
            "pool": self._kill_pool,
            "web": self._kill_web,
            "web_worker": self._kill_web_worker,
            "redis": self._kill_redis,
            "flush": self._flush,
            "freeze_worker": self._freeze_worker,
            "freeze_run": self._freeze_run,
            "freeze_redis": self._freeze_redis,
        }
        if stage.has_disk:
            self._acts["disk"] = self._fill_disk
        if stage.skewed:
            self._acts["clock"] = self._jump
        if stage.on_postgresql:
            wires = {"net_stall": self._stall, "net_reset": self._reset, "net_refuse": self._refuse}
            self._acts |= {"postgresql": self._kill_postgresql, **wires}

    @property
    def kinds(self) -> list[str]:
        """What can happen here."""
        return list(self._acts)

    def happen(self, accident: Accident) -> None:
        """Let it happen; what lasts is ended by `mend`."""
        try:
            told = self._acts[accident.kind](accident)
        except (psutil.Error, ProcessLookupError, RedisError) as error:
            told = f"nobody there any more ({type(error).__name__})"
        if told:
            self._journal.accidents[accident.kind] += 1
        self._journal.tell(f"{accident.kind}: {told or 'nobody is there'}")

    def mend(self, *, all_at_once: bool = False) -> None:
        """End what has lasted long enough."""
        now = time.monotonic()
        due = [undo for at, undo in self._undos if all_at_once or at <= now]
        self._undos = [(at, undo) for at, undo in self._undos if not all_at_once and at > now]
        for undo in due:
            with suppress(psutil.Error):
                undo()

    def _later(self, accident: Accident, undo: Undo, *, told: str) -> None:
        def tell_and_undo() -> None:
            undo()
            self._journal.tell(f"{accident.kind}: {told}")

        self._undos.append((time.monotonic() + accident.seconds, tell_and_undo))

    # --- kills ------------------------------------------------------------------------------------------

    def _kill_horse(self, accident: Accident) -> str:
        horses = [horse for worker in self._stage.workers for horse in worker.children()]
        return _killed(_pick(horses, accident))

    def _kill_worker(self, accident: Accident) -> str:
        return _killed(_pick(self._stage.workers, accident))

    def _kill_sweeper(self, accident: Accident) -> str:
        return _killed(_pick(self._stage.sweepers, accident))

    def _kill_pool(self, accident: Accident) -> str:
        return _killed(_pick(self._stage.running_pools, accident))

    def _kill_web(self, _accident: Accident) -> str:
        self._journal.web_servers += 1
        return _killed(self._stage.web)

    def _kill_web_worker(self, accident: Accident) -> str:
        self._journal.web_servers += 1
        web = self._stage.web
        return _killed(_pick(web.children() if web else [], accident))

    def _kill_redis(self, accident: Accident) -> str:
        valkey = self._stage.valkey
        if valkey is None:
            return _killed(self._redis())
        valkey.kill()
        self._later(accident, valkey.start, told="started again")
        return "killed"

    def _kill_postgresql(self, accident: Accident) -> str:
        postgres = self._stage.postgres
        assert postgres is not None
        postgres.kill()
        self._later(accident, postgres.start, told="started again")
        return "killed"

    def _flush(self, _accident: Accident) -> str:
        redis = connect_web(self._stage.settings)
        try:
            redis.flushall()
        finally:
            redis.close()
        return "done"

    # --- what lasts -------------------------------------------------------------------------------------

    def _freeze_worker(self, accident: Accident) -> str:
        worker = _pick(self._stage.workers, accident)
        return self._freeze(accident, [worker] if worker else [])

    def _freeze_run(self, accident: Accident) -> str:
        worker = _pick(self._stage.workers, accident)
        return self._freeze(accident, [worker, *worker.children()] if worker else [])

    def _freeze_redis(self, accident: Accident) -> str:
        redis = self._redis()
        return self._freeze(accident, [redis] if redis else [])

    def _freeze(self, accident: Accident, processes: list[psutil.Process]) -> str:
        def wake() -> None:
            for process in processes:
                with suppress(psutil.Error):
                    process.resume()

        self._later(accident, wake, told="wakes up")
        for process in processes:
            process.suspend()
        return f"{[process.pid for process in processes]} for {accident.seconds:.1f} s" if processes else ""

    def _fill_disk(self, accident: Accident) -> str:
        ballast = self._stage.folder / "values" / "ballast"
        self._later(accident, lambda: ballast.unlink(missing_ok=True), told="empty again")
        with suppress(OSError), ballast.open("ab", buffering=0) as file:
            while file.write(_CHUNK):
                pass
        return f"full for {accident.seconds:.1f} s"

    def _jump(self, accident: Accident) -> str:
        clock, seconds = self._stage.clock, round(_JUMP_SECONDS * accident.strength)
        self._later(accident, lambda: _write(clock, "+0"), told="right again")
        _write(clock, f"{seconds:+d}")
        return f"{seconds:+d} s"

    def _stall(self, accident: Accident) -> str:
        name = self._wire(accident)
        self._stage.wires[name].stall()
        self._later(accident, self._stage.wires[name].heal, told=f"{name} flows again")
        return f"{name} for {accident.seconds:.1f} s"

    def _reset(self, accident: Accident) -> str:
        name = self._wire(accident)
        self._stage.wires[name].reset()
        return name

    def _refuse(self, accident: Accident) -> str:
        name = self._wire(accident)
        self._stage.wires[name].refuse()
        self._later(accident, self._stage.wires[name].heal, told=f"{name} is there again")
        return f"{name} for {accident.seconds:.1f} s"

    def _wire(self, accident: Accident) -> str:
        names = sorted(self._stage.wires)
        return names[int(accident.pick * len(names))]

    def _redis(self) -> psutil.Process | None:
        if self._stage.valkey is not None:
            process = self._stage.valkey.process
            return psutil.Process(process.pid) if process and process.poll() is None else None
        state = read_state(self._stage.settings)
        return psutil.Process(state.pid) if state and psutil.pid_exists(state.pid) else None


def _pick(processes: list[psutil.Process], accident: Accident) -> psutil.Process | None:
    ordered = sorted(processes, key=lambda process: process.pid)
    return ordered[int(accident.pick * len(ordered))] if ordered else None


def _killed(process: psutil.Process | None) -> str:
    if process is None:
        return ""
    os.kill(process.pid, signal.SIGKILL)
    return f"process {process.pid}"


def _write(path: "os.PathLike[str]", text: str) -> None:
    """Whole: whoever reads it never sees half of it."""
    temporary = f"{os.fspath(path)}.new"
    with open(temporary, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)
    os.replace(temporary, path)  # noqa: PTH105
