"""Traces of requests and attempts for OpenTelemetry; without its packages or an address, nothing at all."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

logger = logging.getLogger(__name__)

_ADDRESSES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_DISABLED = "OTEL_SDK_DISABLED"


@dataclass(frozen=True, kw_only=True)
class TracedDiscipline:
    """A discipline in an attempt that is over, all its calls together."""

    name: str
    seconds: float
    attributes: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TracedAttempt:
    """An attempt that is over.

    Attributes:
        name: of its span.
        traceparent: the request that asked for it, in the form of W3C Trace Context; None: unknown.
        begun: nanoseconds since 1970, as is ``ended``.
        has_failed: whether that is how its execution ended.
        attributes: of its span; None is left out.
        disciplines: in the order in which their spans follow each other.
    """

    name: str
    traceparent: str | None
    begun: int
    ended: int
    has_failed: bool
    attributes: Mapping[str, Any]
    disciplines: Sequence[TracedDiscipline] = ()


class RequestSpan(Protocol):
    """A request that is being served."""

    def answer(self, status: int) -> None:
        """Say how it is answered."""

    def end(self) -> None:
        """It is over."""


class Tracing(Protocol):
    """What the platform can tell of."""

    is_on: bool

    def begin_request(
        self, name: str, *, headers: Mapping[str, str], attributes: Mapping[str, Any]
    ) -> RequestSpan | None:
        """Begin the span of a request in this thread, which goes on with the trace of its sender."""

    def traceparent(self) -> str | None:
        """What names the running span to other processes; None where none runs."""

    def export(self, attempt: TracedAttempt) -> None:
        """Send the spans of an attempt: soon back, without exceptions, and no thread is left."""


class NoTracing:
    """Nobody asked for traces."""

    is_on = False

    def begin_request(self, *_args: object, **_kwargs: object) -> None:
        """Nothing begins."""

    def traceparent(self) -> None:
        """No span runs."""

    def export(self, attempt: TracedAttempt) -> None:
        """Nothing is sent."""


class _Current:
    tracing: Tracing = NoTracing()
    is_warned = False


def current() -> Tracing:
    """The tracing of this process and its forks."""
    return _Current.tracing


def use(tracing: Tracing) -> Tracing:
    """Make it that of this process; what it was before."""
    before, _Current.tracing = _Current.tracing, tracing
    return before


def start_if_asked() -> None:
    """Start it where the environment names an address, unless it runs."""
    if _Current.tracing.is_on or not any(os.environ.get(name) for name in _ADDRESSES):
        return
    if os.environ.get(_DISABLED, "").strip().lower() == "true":
        return
    try:
        from sostrades_api.tracing.spans import OpenTelemetry  # noqa: PLC0415 - only who asks pays for it
    except ImportError as error:
        if not _Current.is_warned:
            logger.warning("there are no traces: install what requirements-otel.txt names (%s)", error)
        _Current.is_warned = True
        return
    use(OpenTelemetry())
