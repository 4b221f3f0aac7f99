"""What a name of a user, a group or a key may be."""

import unicodedata

from sostrades_api.errors import FaultyItem, InvalidValuesError

NAME_LENGTH = 128
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def normalised_name(name: str) -> str:
    """A name as it is kept, however it was typed: Unicode's composed form, without blanks around it."""
    return unicodedata.normalize("NFC", name).strip()


def checked_name(name: str, *, what: str, length: int = NAME_LENGTH) -> str:
    """The name as `normalised_name` gives it.

    Raises:
        InvalidValuesError: Empty, too long, or with characters nobody can see.
    """
    composed = normalised_name(name)
    if not composed:
        raise _fault(f"{what} must not be empty")
    if len(composed) > length:
        raise _fault(f"{what} has {len(composed)} characters; {length} is the most")
    if any(unicodedata.category(character) in _INVISIBLE for character in composed):
        raise _fault(f"{what} has control or invisible characters")
    return composed


def _fault(detail: str) -> InvalidValuesError:
    return InvalidValuesError([FaultyItem(detail)])
