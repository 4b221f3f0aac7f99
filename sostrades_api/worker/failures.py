"""What a failed run says: a message for every client, a traceback for the owner alone."""

import traceback
from collections.abc import Mapping

from sostrades_api.engine import EngineError
from sostrades_api.errors import DomainError
from sostrades_api.services.execution_end import Failure
from sostrades_api.services.public_text import without_paths

_MESSAGE_LENGTH = 2000
_TRACEBACK_LENGTH = 50_000


def failure_of(error: BaseException) -> Failure:
    """The failure of a run that raised this."""
    text = "".join(traceback.format_exception(error))
    return Failure(message=public_message(error), traceback=text[-_TRACEBACK_LENGTH:])


def public_message(error: BaseException) -> str:
    """What happened, in words that show no path and no line of code."""
    if isinstance(error, DomainError):
        text = error.detail
    elif isinstance(error, EngineError):
        text = str(error)
    elif isinstance(error, MemoryError):
        text = "The execution ran out of memory."
    else:
        text = f"The execution failed unexpectedly ({type(error).__name__})."
    return without_paths(text)[:_MESSAGE_LENGTH]


def seconds_lines(seconds: Mapping[str, float], runs: Mapping[str, int], *, limit: int = 100) -> list[str]:
    """The slowest disciplines, one line each."""
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:limit]
    return [f"{path}: {spent:.4f} s in {runs.get(path, 1)} runs" for path, spent in slowest]
