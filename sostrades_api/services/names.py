"""What a name may be: of a study case, and of a user, a group or a key."""

import unicodedata

from sostrades_api.errors import FaultyItem, InvalidValuesError

NAME_LENGTH = 128
# Control, surrogate, line and paragraph separator characters break logs, headers and file names.
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Unicode's Bidi_Control: they let a name show what it is not. Scripts that run right to left need none.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # fillers: letters and symbols that show nothing
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def find_name_fault(text: str) -> str | None:
    """What no name may have: nothing visible, controls, changes of direction; joiners and emoji are fine."""
    if any(unicodedata.category(character) in _FORBIDDEN for character in text):
        return "has control characters or line breaks"
    if not _BIDI_CONTROLS.isdisjoint(text):
        return "has characters that change the direction of writing"
    if not any(_is_visible(character) for character in text):
        return "has no visible character"
    return None


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZM" and character not in _BLANK_LETTERS


def normalised_name(name: str) -> str:
    """A name as it is kept, however it was typed: Unicode's composed form, without blanks around it."""
    return unicodedata.normalize("NFC", name).strip()


def checked_name(name: str, *, what: str, length: int = NAME_LENGTH) -> str:
    """The name as `normalised_name` gives it.

    Raises:
        InvalidValuesError: Empty, too long, or with characters nobody can see: two that look the same are one.
    """
    composed = normalised_name(name)
    if not composed:
        raise _fault(f"{what} must not be empty")
    if len(composed) > length:
        raise _fault(f"{what} has {len(composed)} characters; {length} is the most")
    if fault := find_name_fault(composed):
        raise _fault(f"{what} {fault}")
    if any(unicodedata.category(character) in _INVISIBLE for character in composed):
        raise _fault(f"{what} has control or invisible characters")
    return composed


def _fault(detail: str) -> InvalidValuesError:
    return InvalidValuesError([FaultyItem(detail)])
