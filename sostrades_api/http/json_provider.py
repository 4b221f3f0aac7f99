"""JSON in and out of Flask: strict on reading, NaN and infinities as null on writing."""

import json
from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider, JSONProvider

MAX_DEPTH = 64
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


class StrictJSONProvider(JSONProvider):
    """orjson: refuses bare NaN, ill-formed UTF-8 and bottomless nesting; writes NaN as null."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._fallback = DefaultJSONProvider(app)
        self._fallback.sort_keys = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialise to text."""
        return self._dump(obj, **kwargs).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        """Parse; every fault is a ``ValueError``."""
        return strict_json(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """An ``application/json`` response."""
        body = self._dump(self._prepare_response_obj(args, kwargs))
        return Response(body, mimetype="application/json")

    def _dump(self, obj: Any, **kwargs: Any) -> bytes:
        try:
            return orjson.dumps(obj, option=_OPTIONS)
        except TypeError:  # an integer of more than 64 bits, or a type only Flask's provider knows
            plain = json.loads(self._fallback.dumps(obj, **kwargs), parse_constant=_null)
            return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def strict_json(text: str | bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON; every fault is a ``ValueError``."""
    document = orjson.loads(text)
    _check_depth(document, text, max_depth=max_depth)
    return document


def _null(_constant: str) -> None:
    """What NaN and infinities become."""


def _check_depth(document: Any, text: str | bytes, *, max_depth: int) -> None:
    """Refuse nesting that a recursive reader further on would not survive."""
    opening = (b"[", b"{") if isinstance(text, bytes) else ("[", "{")
    if sum(text.count(bracket) for bracket in opening) <= max_depth:  # type: ignore[arg-type]
        return
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > max_depth:
            msg = f"it is nested deeper than {max_depth} levels"
            raise ValueError(msg)
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]


def _children(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
