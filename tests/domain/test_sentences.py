"""Sentences with facts: English by themselves, said in other languages by their templates."""

from __future__ import annotations

import datetime as dt
import enum
import json
from typing import Any

import pytest

from domain.sentences import (
    Amount,
    Moment,
    Sentence,
    WholeDay,
    as_kept,
    counted,
    from_kept,
    joined,
    listed,
    opening,
    word,
)


class Colour(enum.StrEnum):
    DARK_BLUE = "dark_blue"


class Shouting:
    """A language of capitals, with a form of its own for two, that writes days and numbers in its own way."""

    def gettext(self, message: str) -> str:
        return _shouted(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return "A PAIR" if count == 2 else _shouted(one if count == 1 else many)

    def shown(self, value: Any) -> str:
        return f"<{value}>" if isinstance(value, (int, dt.date, Amount, enum.Enum)) else str(value)


def _shouted(message: str) -> str:
    return "".join(
        part if part.startswith("%(") else part.upper() for part in message.replace(")s", ")s\0").split("\0")
    )


def test_a_sentence_is_its_english_text():
    assert Sentence("%(cidr)s is in the list.", cidr="10.0.0.0/8") == "10.0.0.0/8 is in the list."
    assert Sentence("Nothing is due.") == "Nothing is due."


def test_values_are_written_plainly_in_english():
    said = Sentence(
        "%(number)s, %(day)s, %(amount)s", number=1250, day=dt.date(2026, 1, 31), amount=Amount(-1250, "JPY")
    )
    assert said == "1,250, 2026-01-31, -1250 JPY"
    assert str(Amount(1205, "EUR")) == "12.05 EUR"
    assert str(WholeDay(dt.date(2026, 1, 3))) == "3 January 2026"
    noon = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
    assert (str(Moment(noon)), str(Moment(noon, "Europe/Berlin"))) == (
        "2026-01-31 12:00 UTC",
        "2026-01-31 13:00 Europe/Berlin",
    )
    assert str(Moment(noon, spelled=True)) == "31 January 2026, 12:00 (UTC)"


def test_another_language_says_the_template_and_writes_the_values():
    class Loud(Shouting):
        def gettext(self, message: str) -> str:
            return {"%(name)s owes %(count)s.": "%(count)s IS OWED BY %(name)s."}[message]

    assert Sentence("%(name)s owes %(count)s.", name="Tom", count=3).said_by(Loud()) == "<3> IS OWED BY Tom."


def test_text_is_data_unless_it_is_a_sentence_itself():
    class Loud(Shouting):
        def gettext(self, message: str) -> str:
            return message if "%(" in message else message.upper()

    assert Sentence("%(a)s %(b)s", a="Tom", b=Sentence("paid")).said_by(Loud()) == "Tom PAID"


def test_each_language_has_its_own_forms_of_numbers():
    assert counted("One file", "%(count)s files", 1) == "One file"
    assert counted("One file", "%(count)s files", 1200) == "1,200 files"
    assert counted("One file", "%(count)s files", 2).said_by(Shouting()) == "A PAIR"


def test_a_choice_is_a_word_of_its_language():
    assert word(Colour.DARK_BLUE) == "Dark blue"
    assert Sentence("It is %(colour)s.", colour=Colour.DARK_BLUE) == "It is dark blue."


def test_phrases_become_a_sentence():
    phrases = [Sentence("read invoices"), Sentence("pay them"), Sentence("close tickets")]
    assert opening(Sentence("%(all)s.", all=listed(phrases))) == "Read invoices, pay them and close tickets."
    assert listed(phrases[:1]) == "read invoices"
    assert joined([Sentence("Paid."), Sentence("Thank you.")]) == "Paid. Thank you."


def test_a_sentence_outlasts_being_kept():
    said = Sentence("%(number)s is it", number=Sentence("%(number)s of all", number="1250"))
    again = from_kept(json.loads(json.dumps(as_kept(said))))
    assert (again, again.said_by(Shouting())) == ("1250 of all is it", "1250 OF ALL IS IT")
    assert from_kept("As it was kept before.") == "As it was kept before."
    with pytest.raises(TypeError, match="cannot be kept"):
        as_kept(Sentence("%(number)s", number=1250))


def test_a_sentence_of_a_sentence_is_the_same():
    said = Sentence("%(a)s", a=1)
    assert Sentence(said) is said
