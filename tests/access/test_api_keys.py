"""What an API key looks like."""

import math
import string

from hypothesis import given
from hypothesis import strategies as st

from sostrades_api.access.api_keys import PREFIX, digest_of, generate_key, is_well_formed, start_of

_SECRET = 43


def test_a_key_has_at_least_256_random_bits():
    key = generate_key()
    assert key.startswith(PREFIX)
    assert len(key) == len(PREFIX) + _SECRET + 6
    assert _SECRET * math.log2(62) >= 256


def test_keys_differ():
    assert len({generate_key() for _ in range(100)}) == 100


def test_a_generated_key_is_well_formed():
    assert all(is_well_formed(generate_key()) for _ in range(100))


@given(
    st.integers(len(PREFIX), len(PREFIX) + _SECRET + 5), st.sampled_from(string.ascii_letters + string.digits)
)
def test_one_mistyped_character_is_noticed_without_a_database(position, character):
    key = generate_key()
    mistyped = key[:position] + character + key[position + 1 :]
    assert is_well_formed(mistyped) == (mistyped == key)


@given(st.text())
def test_any_other_text_is_no_key(text):
    assert not is_well_formed(text)


def test_only_a_digest_and_the_first_characters_are_kept():
    key = generate_key()
    assert len(digest_of(key)) == 64
    assert key[10:] not in digest_of(key)
    assert start_of(key) == key[:10]
