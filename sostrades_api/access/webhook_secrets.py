"""Secrets of webhooks and the signatures made with them (standardwebhooks.com, version 1). Pure.

A secret is derived from the platform's ``SECRET_KEY`` and a random salt, and only the salt is kept: whoever
reads the database, or a copy of it, can sign nothing, and there is nothing to decrypt.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
VERSION = "v1"
_SALT_BYTES = 24
_MARK_LENGTH = 12
_PURPOSE = b"sostrades webhooks"


class SecretKeyChangedError(Exception):
    """The salt was made with another SECRET_KEY: rotate the secret, or give all hosts the same key."""


def new_salt(secret_key: str) -> str:
    """What is kept of a new secret: a random salt, and a mark by which a changed ``SECRET_KEY`` shows."""
    salt = secrets.token_hex(_SALT_BYTES)
    return f"{salt}.{_mark(secret_key, salt)}"


def secret_of(salt: str, *, secret_key: str) -> str:
    """The secret, as its owner is shown it: ``whsec_`` and 32 bytes in base64.

    Raises:
        SecretKeyChangedError: the salt is of another platform, or its ``SECRET_KEY`` was changed.
    """
    text, _, mark = salt.partition(".")
    if not hmac.compare_digest(mark, _mark(secret_key, text)):
        raise SecretKeyChangedError(SecretKeyChangedError.__doc__)
    return PREFIX + base64.b64encode(_derive(secret_key, f"sign {text}")).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,<base64>``: HMAC-SHA256 of ``<id>.<timestamp>.<body>``.

    Raises:
        ValueError: That is no secret of a webhook.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        msg = "a secret is base64"
        raise ValueError(msg) from error
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return f"{VERSION},{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def _derive(secret_key: str, info: str) -> bytes:
    """HKDF (RFC 5869) of one block: extract, then expand."""
    extracted = hmac.digest(_PURPOSE, secret_key.encode(), hashlib.sha256)
    return hmac.digest(extracted, info.encode() + b"\x01", hashlib.sha256)


def _mark(secret_key: str, salt: str) -> str:
    return _derive(secret_key, f"mark {salt}").hex()[:_MARK_LENGTH]
