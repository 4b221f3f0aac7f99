"""The log of every process: one line a record, as JSON or text, with whom and what it is about.

Two sets of fields are added to each line: those of the process (a worker's name, the execution that it has in
hand), which all its threads and forks share, and those of the request that the running thread serves.
"""

import datetime as dt
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson

FIELDS = ("role", "worker", "request_id", "study_case_id", "execution_id", "attempt")
_OF_LINES = ("method", "path", "status", "milliseconds", "actor", *FIELDS)
_OWN, _OF_QUEUE = "sostrades_api", "rq"
_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_NAME = "sostrades"  # of our handler, whoever else listens

_of_process: dict[str, Any] = {}
_of_request: ContextVar[dict[str, Any] | None] = ContextVar("log_fields", default=None)


class AddFields(logging.Filter):
    """Puts what is known of process and request on a record that does not say it itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes."""
        for name, value in {**_of_process, **(_of_request.get() or {})}.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Serialise a record with its fields."""
        line = {
            "at": _time_of(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields_of(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """One line for people, fields as ``name=value`` at its end; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record so that no message can look like two."""
        message = _on_one_line(record.getMessage())
        fields = "".join(f" {name}={_on_one_line(str(value))}" for name, value in _fields_of(record).items())
        line = f"{_time_of(record)} {record.levelname} {record.name}: {message}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


FORMATTERS: dict[str, type[logging.Formatter]] = {"json": JsonFormatter, "text": TextFormatter}


def configure_logging(level: str, *, log_format: str = "json") -> None:
    """Send the log of this package and of RQ to stderr, once a process however many applications it makes."""
    for name in (_OWN, _OF_QUEUE):
        logger = logging.getLogger(name)
        handler = next((known for known in logger.handlers if known.name == _NAME), None)
        if handler is None:
            handler = logging.StreamHandler(sys.stderr)
            handler.name = _NAME
            handler.addFilter(AddFields())
            logger.addHandler(handler)
        handler.setFormatter(FORMATTERS[log_format]())
    logging.getLogger(_OWN).setLevel(level.upper())
    logging.getLogger(_OF_QUEUE).setLevel(logging.WARNING)  # it tells every job


def set_process_fields(**fields: Any) -> None:
    """Say from now on, on every line of this process and its forks, what it is and does."""
    _of_process.update(fields)


@contextmanager
def process_fields(**fields: Any) -> Iterator[None]:
    """Say so for a while; for a process that does one thing at a time."""
    before = dict(_of_process)
    _of_process.update(fields)
    try:
        yield
    finally:
        _of_process.clear()
        _of_process.update(before)


def begin_request(**fields: Any) -> None:
    """Say from now on, on every line of this thread, which request it serves."""
    _of_request.set({name: value for name, value in fields.items() if value is not None})


def end_request() -> None:
    """It serves none any more."""
    _of_request.set(None)


def _on_one_line(text: str) -> str:
    return _LINE_BREAKS.sub(lambda found: repr(found[0])[1:-1], text)


def _time_of(record: logging.LogRecord) -> str:
    return dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")


def _fields_of(record: logging.LogRecord) -> dict[str, Any]:
    found = {name: getattr(record, name, None) for name in _OF_LINES}
    return {name: value for name, value in found.items() if value is not None}
