"""Whole numbers from forms: digits and nothing else, and never more than a column holds."""

from __future__ import annotations

import pytest

from views.whole_numbers import number_shown, whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), (" 007 ", 7), ("999999999", 999_999_999)])
def test_digits_are_a_whole_number(text, number):
    assert whole_number(text) == number
    assert number_shown(text) == number


@pytest.mark.parametrize("text", ["", " ", "-1", "+1", "1.5", "1,000", "1e3", "0x1", "three", "\0", "٣", "²", "9" * 10])
def test_anything_else_is_none_and_was_never_shown(text):
    assert whole_number(text) is None
    assert number_shown(text) == -1


def test_so_many_digits_that_python_would_not_read_them_are_none():
    assert whole_number("9" * 5000) is None
