"""Names of study cases, and the full names of their variables (`<study name>.<relative name>`)."""

import unicodedata

from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models.study_case import NAME_LENGTH

# Control, surrogate, line and paragraph separator characters break logs, headers and file names.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def checked_study_name(name: str, *, pointer: str = "/new_study_name") -> str:
    """The trimmed name; raises `InvalidValuesError` unless it has 1 to 200 characters, none a control."""
    trimmed = name.strip()
    if not trimmed or len(trimmed) > NAME_LENGTH:
        fault = f"a study case's name has 1 to {NAME_LENGTH} characters, this one has {len(trimmed)}"
    elif any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in trimmed):
        fault = "a study case's name has no control characters and no line breaks"
    else:
        return trimmed
    raise InvalidValuesError([FaultyItem(fault, pointer=pointer)])


def full_name(study_name: str, *, relative: str) -> str:
    """The name a client sees. The study's own node ("" relative) is the study's name."""
    return f"{study_name}.{relative}" if relative else study_name


def find_relative_name(study_name: str, *, full: str) -> str | None:
    """The name relative to the study, None when it is not one of this study; study names may hold dots."""
    prefix = f"{study_name}."
    return full.removeprefix(prefix) if full.startswith(prefix) else None
