"""API keys: how one is made, recognised and digested. Pure.

``sos_``, 43 base62 characters (256 random bits), 6 base62 characters of their CRC-32: a secret scanner
recognises it, and a mistyped one is refused without asking the database.
"""

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "sos_"
_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
_START_LENGTH = 10
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}")


def generate_key() -> str:
    """A new key from the operating system's randomness."""
    secret = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    return secret + _checksum(secret)


def is_well_formed(key: str) -> bool:
    """Whether this can be a key at all: shape and checksum."""
    return bool(_SHAPE.fullmatch(key)) and _checksum(key[:-_CHECKSUM_LENGTH]) == key[-_CHECKSUM_LENGTH:]


def digest_of(key: str) -> str:
    """SHA-256 in hexadecimal: enough for a secret of 256 random bits, which nobody can guess."""
    return hashlib.sha256(key.encode()).hexdigest()


def start_of(key: str) -> str:
    """The first characters, by which its owner recognises it in a list."""
    return key[:_START_LENGTH]


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
