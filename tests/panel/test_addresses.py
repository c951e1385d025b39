"""A key's address leads back to the key, and to nothing else."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.addresses import TAKEN_WORDS, address, key_in


def as_the_server_sees_it(part: str) -> str:
    return unquote(part)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_every_key_comes_back(key):
    part = address(key)
    assert "/" not in as_the_server_sees_it(part)
    assert as_the_server_sees_it(part) not in TAKEN_WORDS
    assert key_in(as_the_server_sees_it(part)) == key


@pytest.mark.parametrize("key", ["INV-000017", "10001", "foyer.2026", "A_1"])
def test_plain_keys_stand_as_they_are(key):
    assert address(key) == key


@pytest.mark.parametrize("key", sorted(TAKEN_WORDS))
def test_a_key_that_is_a_word_of_our_own_does_not_open_our_page(key):
    assert address(key) != key
    assert key_in(as_the_server_sees_it(address(key))) == key


def test_a_key_with_a_slash_stays_one_part():
    assert address("INV 2026/17") == "INV%202026~2f17"


def test_a_part_that_stands_for_no_key_is_left_alone():
    assert key_in("a~zz~") == "a~zz~"
