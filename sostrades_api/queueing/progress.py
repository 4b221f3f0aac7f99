"""What a running attempt tells while it runs: kept in Redis, for a short time; the database has the end."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import orjson

# One character a discipline: a study of thousands is published several times a second.
CODES: Mapping[str, str] = {
    "C": "CONFIGURE",
    "P": "PENDING",
    "R": "RUNNING",
    "L": "LINEARIZING",
    "D": "DONE",
    "F": "FAILED",
}
_CODE_OF = {status: code for code, status in CODES.items()}


@dataclass(frozen=True)
class LiveProgress:
    """Progress of one attempt; ``token`` says which, so that nobody shows a dead attempt's."""

    token: str
    attempt: int
    progress: float  # 0 to 1
    statuses: str  # one code a discipline, in the order of the execution's disciplines
    loop: str | None = None  # the loop that iterates now
    iteration: int | None = None
    residual: float | None = None
    usage: dict[str, Any] | None = None  # CPU and memory of the run so far, as ``Execution.usage``

    def to_json(self) -> bytes:
        """Encode."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, payload: bytes) -> Self | None:
        """Decode; None for what another release, or anybody who can write to Redis, may have written."""
        try:
            live = cls(**orjson.loads(payload))
            is_known = set(live.statuses) <= CODES.keys() and 0 <= live.progress <= 1
        except (orjson.JSONDecodeError, TypeError):
            return None
        return live if is_known else None

    def named(self, disciplines: Iterable[str]) -> dict[str, str]:
        """The statuses by discipline."""
        return {path: CODES[code] for path, code in zip(disciplines, self.statuses, strict=False)}


def encode_statuses(statuses: Iterable[str]) -> str:
    """The statuses as one character each."""
    return "".join(_CODE_OF[status] for status in statuses)
