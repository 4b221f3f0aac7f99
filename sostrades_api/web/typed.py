"""What somebody typed into a field, as the type of its variable."""

from typing import Any

_FLAGS = {"true": True, "false": False}


def typed(text: str, *, kind: str) -> Any:
    """The value; text that is none of its type stays text, for the check to refuse with its reason."""
    if kind == "string":
        return text
    stripped = text.strip()
    if kind == "bool":
        return _FLAGS.get(stripped.lower(), stripped)
    convert = {"int": int, "float": float}.get(kind)
    if convert is None:
        return stripped
    try:
        return convert(stripped)
    except ValueError:
        return stripped
