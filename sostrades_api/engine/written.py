"""What a line of Python writes to: found in its text and the variables of its function."""

import ast
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd


def written_in(line: str, frame: FrameType) -> list[Any] | None:
    """The values that the line assigns into, or that it has a function or a method change.

    Nothing of the discipline's own is called; what cannot be told from the text alone is left out. None when
    the line is only a part of a statement.
    """
    try:
        statements = ast.parse(line.strip()).body
    except SyntaxError:
        return None
    if any(isinstance(part, ast.Lambda) for each in statements for part in ast.walk(each)):
        return []  # which of the functions of the line it was is not known
    values = (_value(target, frame) for each in statements for target in _targets(each))
    return [value for value in values if value is not None]


def _targets(statement: ast.stmt) -> Iterator[ast.expr]:
    if isinstance(statement, ast.Assign):
        yield from statement.targets
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        yield statement.target
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Call):
        out = [keyword.value for keyword in value.keywords if keyword.arg == "out"]
        if out:
            yield from out
        else:
            yield value.func
            yield from value.args[:1]


def _value(node: ast.expr, frame: FrameType) -> Any:
    """What an expression stands for, or the table or array that it is a part of; None if unclear."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Call):
        return _value(node.func, frame) if isinstance(node.func, ast.Attribute) else None
    if not isinstance(node, (ast.Attribute, ast.Subscript)):
        return None
    base = _value(node.value, frame)
    if isinstance(base, (np.ndarray, pd.DataFrame, pd.Series, pd.arrays.NumpyExtensionArray)):
        return base
    if isinstance(node, ast.Attribute):
        return getattr(base, "__dict__", {}).get(node.attr)
    return _item(base, node.slice, frame)


def _item(base: Any, at: ast.expr, frame: FrameType) -> Any:
    key = at.value if isinstance(at, ast.Constant) else _value(at, frame)
    if isinstance(base, dict) and isinstance(key, str):
        return base.get(key)
    if isinstance(base, list) and type(key) is int and -len(base) <= key < len(base):
        return base[key]
    return None
