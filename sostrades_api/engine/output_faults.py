"""What can be wrong with one output; the node that ran adds discipline and variable."""

from typing import Any


class OutputFaultError(Exception):
    """An output is of the wrong type or shape; the text says how."""


class NotFiniteError(OutputFaultError):
    """An output is not finite; the text says where."""


def wrong_type(value: Any, wanted: str) -> OutputFaultError:
    """The error of a value that is not what was declared."""
    return OutputFaultError(f"must be {wanted}, not {type(value).__name__}")
