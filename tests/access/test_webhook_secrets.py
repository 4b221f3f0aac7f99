"""Secrets of webhooks: the signature of the specification, and secrets of which only a salt is kept."""

import base64

import pytest

from sostrades_api.access.webhook_secrets import SecretKeyChangedError, new_salt, secret_of, signature

KEY = "the platform's key"


@pytest.mark.parametrize(
    ("secret", "message_id", "timestamp", "body", "signed"),
    [
        # The example of the specification, github.com/standard-webhooks/standard-webhooks, spec.
        (
            "whsec_plJ3nmyCDGBKInavdOK15jsl",
            "msg_loFOjxBNrRLzqYUf",
            1731705121,
            b'{"event_type":"ping","data":{"success":true}}',
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        ),
        # The test of its reference libraries (libraries/python/tests).
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ],
)
def test_signatures_are_those_of_the_specification(secret, message_id, timestamp, body, signed):
    assert signature(secret, message_id=message_id, timestamp=timestamp, body=body) == signed


def test_a_secret_has_the_form_and_the_length_of_the_specification():
    secret = secret_of(new_salt(KEY), secret_key=KEY)
    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64


def test_a_secret_is_always_the_same_and_every_salt_has_its_own():
    salt, other = new_salt(KEY), new_salt(KEY)
    assert secret_of(salt, secret_key=KEY) == secret_of(salt, secret_key=KEY)
    assert secret_of(salt, secret_key=KEY) != secret_of(other, secret_key=KEY)


def test_what_is_kept_tells_nothing_of_the_secret():
    salt = new_salt(KEY)
    key = base64.b64decode(secret_of(salt, secret_key=KEY).removeprefix("whsec_"))
    assert all(part not in key.hex() for part in salt.split("."))
    assert len(salt) < 100  # a column of text, and room for two of them


def test_another_platforms_key_is_noticed_instead_of_signing_wrongly():
    with pytest.raises(SecretKeyChangedError, match="rotate"):
        secret_of(new_salt(KEY), secret_key="another")


def test_what_is_no_base64_signs_nothing():
    with pytest.raises(ValueError, match="base64"):
        signature("whsec_!", message_id="m", timestamp=1, body=b"")
