"""Password hashes."""

from __future__ import annotations

import pytest

from services.passwords import PasswordHashes, new_temporary_password


@pytest.fixture
def hashes():
    made = PasswordHashes()
    made.bind(time_cost=1, memory_cost=8, parallelism=1)
    return made


def test_a_hash_is_argon2id_and_fits_its_password_only(hashes):
    hashed = hashes.make("correct horse battery")
    assert hashed.startswith("$argon2id$")
    assert hashes.check(hashed, "correct horse battery")
    assert not hashes.check(hashed, "Correct horse battery")


def test_a_letter_with_an_accent_may_be_typed_either_way(hashes):
    assert hashes.check(hashes.make("cafe\u0301 au lait"), "caf\u00e9 au lait")


@pytest.mark.parametrize("hashed", [None, "", "not a hash"])
def test_without_a_hash_no_password_fits(hashes, hashed):
    assert not hashes.check(hashed, "")
    assert not hashes.check(hashed, "correct horse battery")


def test_a_hash_with_other_parameters_still_fits_and_is_outdated(hashes):
    hashed = hashes.make("correct horse battery")
    assert not hashes.is_outdated(hashed)
    hashes.bind(time_cost=2, memory_cost=8, parallelism=1)
    assert hashes.check(hashed, "correct horse battery")
    assert hashes.is_outdated(hashed)


def test_a_very_long_password_costs_no_more_than_a_long_one(hashes):
    assert hashes.check(hashes.make("x" * 1024), "x" * 1_000_000)


def test_temporary_passwords_are_long_and_never_the_same():
    made = {new_temporary_password() for _time in range(200)}
    assert len(made) == 200
    assert {len(password) for password in made} == {16}
    assert not set("".join(made)) & set("0O1lI")
