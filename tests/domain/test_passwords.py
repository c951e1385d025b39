"""New passwords: long enough, not among the first guessed, and without one's own name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.passwords import (
    LONGEST,
    SHORTEST,
    PasswordHoldsOwnName,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    check_new_password,
)
from domain.refusals import Refusal


def is_taken(password: str, *own_names: str) -> bool:
    check_new_password(password, own_names=own_names)
    return True


@pytest.mark.parametrize(
    "password",
    [
        "Foyer-demo-1!",
        "correct horse battery",
        "welcome to the jungle",
        "monkey-dragon",
        "x9$kq!Zw2p",
        "мойпароль2024",
        "kjsdf hksjdf",
        "t4-Rosenkohl",
        "4815162342 ok",
    ],
)
def test_a_password_of_some_length_and_thought_is_taken(password: str) -> None:
    assert is_taken(password, "jane.miller@acme.example", "Jane", "Miller")


def test_no_composition_is_asked_for() -> None:
    assert is_taken("onlysmallletters")


def test_ten_characters_are_enough_and_nine_are_not() -> None:
    assert is_taken("kqzwvhxmbt")
    with pytest.raises(PasswordTooShort, match=str(SHORTEST)):
        is_taken("kqzwvhxmb")


def test_a_password_is_at_most_128_characters_long() -> None:
    longest = "kq zw vh xm " * 20
    assert is_taken("q7" + longest[: LONGEST - 2])
    with pytest.raises(PasswordTooLong, match="128"):
        is_taken("q7" + longest[: LONGEST - 1])


@pytest.mark.parametrize(
    "password",
    [
        "password12", "Password1!", "P@ssw0rd123", "PASSWORD2024", "passwordpassword", "Pa$$word2023", "p-a-s-s-w-o-r-d",
        "1234567890", "12345678901", "0987654321", "12345678901234567890", "a1234567890", "0000000000", "5555555551",
        "qwertyuiop", "qwerty12345", "poiuytrewq", "asdfghjkl;", "1qaz2wsx3edc", "1q2w3e4r5t", "zxcvbnm123",
        "qwertzuiop", "azertyuiop", "abcdefghij", "zyxwvutsrq", "abcabcabcabc", "abcabcabcab", "1212121212",
        "Summer2024!", "!!admin!!2024", "iloveyou123", "Letmein123456", "trustno1trustno1", "密码密码密码密码密码",
        "          ", "Changeme123!", "Welcome2025", "Telecom2025!",
    ],
)  # fmt: skip
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooCommon, match="several words"):
        is_taken(password)


@pytest.mark.parametrize(
    ("password", "names"),
    [
        ("jane.miller-99x", ["jane.miller@acme.example"]),
        ("kqzMILLERwvx", ["jane.miller@acme.example"]),
        ("kqz-müller-wvx", ["Muller"]),
        ("my-JOSE-kqzwv", ["Ann", "José"]),
    ],
)
def test_ones_own_name_is_refused(password: str, names: list[str]) -> None:
    with pytest.raises(PasswordHoldsOwnName, match="Leave your name"):
        is_taken(password, *names)


def test_short_names_stand_in_many_passwords_and_are_let_be() -> None:
    assert is_taken("annual kqzwvh", "ann@acme.example", "Ann", "")


def test_the_domain_of_the_address_is_not_ones_own_name() -> None:
    assert is_taken("example kqzwvh", "jane@acme.example")


@given(st.text(max_size=200), st.text(max_size=30))
def test_any_text_is_either_taken_or_refused_with_a_reason(password: str, name: str) -> None:
    try:
        taken, reason = is_taken(password, name), ""
    except Refusal as refusal:
        taken, reason = False, refusal.message
    assert taken != bool(reason)
    assert not taken or SHORTEST <= len(password) <= LONGEST


@given(st.text(min_size=1, max_size=5), st.integers(10, 128))
def test_a_short_unit_over_and_over_is_refused(unit: str, length: int) -> None:
    with pytest.raises(PasswordTooCommon):
        is_taken((unit * length)[:length])
