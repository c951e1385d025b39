"""What is typed into the questions of ticket types: what is kept of it, and what is said when it does not fit."""

from __future__ import annotations

import pytest

from domain.ticket_answers import AnswerNotReadable, read_answer


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "  Blue phone ", "Blue phone"),
        ("long_text", "One\nTwo", "One\nTwo"),
        ("number", "12,5", "12.5"),
        ("number", "-3", "-3"),
        ("date", "2026-02-28", "2026-02-28"),
        ("choice", "Red", "Red"),
        ("yes_no", "y", True),
        ("yes_no", "", False),
        ("license", "LIC-1", "LIC-1"),
    ],
)
def test_an_answer_is_kept_by_its_kind(kind: str, typed: str, kept: object) -> None:
    assert read_answer(kind, typed, choices=("Red", "Blue")) == kept


@pytest.mark.parametrize(
    ("kind", "typed", "why"),
    [
        ("text", " ", "needed"),
        ("choice", "", "Choose one"),
        ("text", "x" * 256, "at most 255 characters"),
        ("long_text", "x" * 20_001, "at most 20,000 characters"),
        ("text", "a\0b", "no text"),
        ("number", "a dozen", "like 12"),
        ("number", "1" * 31, "like 12"),
        ("date", "2026-02-30", "like 2026-01-31"),
        ("date", "tomorrow", "like 2026-01-31"),
        ("choice", "Green", "Choose one of the list"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_type(kind: str, typed: str, why: str) -> None:
    with pytest.raises(AnswerNotReadable, match=why):
        read_answer(kind, typed, choices=("Red", "Blue"))


def test_a_question_that_need_not_be_answered_is_left_empty() -> None:
    assert read_answer("number", " ", required=False) is None


def test_a_question_may_set_a_lower_limit() -> None:
    assert read_answer("text", "12345", max_length=5) == "12345"
    with pytest.raises(AnswerNotReadable, match=r"at most 5 characters\. These are 6"):
        read_answer("text", "123456", max_length=5)
