"""Passwords: Argon2id with the library's current parameters; renewed when those grow."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sostrades_api.errors import FaultyItem, InvalidValuesError

SHORTEST = 8
LONGEST = 1024  # hashing a book would keep a processor busy
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Digest of a new password.

    Raises:
        InvalidValuesError: Too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        detail = f"A password has {SHORTEST} to {LONGEST} characters"
        raise InvalidValuesError([FaultyItem(detail)])
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; takes as long without a hash as with one."""
    if len(password) > LONGEST:
        return False
    try:
        _hasher.verify(password_hash or _of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_renewal(password_hash: str) -> bool:
    """Whether the digest was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _of_nobody() -> str:
    """Verified when there is no such user, so that the time taken does not tell; workers never need it."""
    return _hasher.hash("nobody has this password")
