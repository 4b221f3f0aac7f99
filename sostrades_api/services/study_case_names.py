"""Names of study cases, and the full names of their variables (`<study name>.<relative name>`)."""

from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models.study_case import NAME_LENGTH
from sostrades_api.services.names import find_name_fault


def checked_study_name(name: str, *, pointer: str = "/new_study_name") -> str:
    """The trimmed name; raises `InvalidValuesError` unless it has 1 to 200 characters that `names` allows."""
    trimmed = name.strip()
    if not trimmed or len(trimmed) > NAME_LENGTH:
        fault = f"a study case's name has 1 to {NAME_LENGTH} characters, this one has {len(trimmed)}"
    elif found := find_name_fault(trimmed):
        fault = f"the study case's name {found}"
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
