"""Catalogs: complete where a language is offered, and true to their templates."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest

from domain.invoices import InvoiceStatus
from domain.languages import SPOKEN, TRANSLATED, Language
from domain.sentences import Amount, Moment, Sentence, WholeDay, counted
from services.catalogs import TEMPLATE, Catalog, catalog, catalog_path, read_catalog

PLACES = re.compile(r"%\(\w+\)[sd]|%%")
SPOKEN_BESIDES_ENGLISH = [code for code in SPOKEN if code != "en"]
KEPT = [language.code for language in TRANSLATED if catalog_path(language.code).exists()]


def forms(value):
    return (value,) if isinstance(value, str) else tuple(value)


def test_english_needs_no_catalog():
    assert catalog("en").say("Nothing is due.") == "Nothing is due."
    assert catalog("xx").language.code == "en"
    assert catalog("en").say("") == ""


@pytest.mark.parametrize("code", SPOKEN_BESIDES_ENGLISH)
def test_a_language_that_is_offered_says_every_message(code):
    said = {(message.context, forms(message.id)): message for message in read_catalog(catalog_path(code), code)}
    for message in read_catalog(TEMPLATE):
        if message.id:
            found = said[message.context, forms(message.id)]
            assert all(forms(found.string)), message.id
            assert not found.fuzzy, message.id


@pytest.mark.parametrize("code", KEPT)
def test_translations_have_the_places_of_their_messages(code):
    for message in read_catalog(catalog_path(code), code):
        allowed = set(PLACES.findall(" ".join(forms(message.id))))
        for said in forms(message.string):
            if message.id and said:
                assert set(PLACES.findall(said)) <= allowed, message.id
                assert "%(" not in PLACES.sub("", said), message.id


def test_the_language_that_brackets_shows_what_the_template_knows():
    accented = catalog("en-XA")
    assert accented.say("Sign in") == "[Šîĝñ îñ]"
    assert accented.say("This is in no template") == "This is in no template"
    assert accented.choice("InvoiceStatus", InvoiceStatus.PARTIALLY_PAID) == "[Påŕţîåļļý påîð]"
    assert accented.gettext("Client ID <strong>%(client_id)s</strong>") == "[Çļîéñţ ÎÐ <strong>%(client_id)s</strong>]"


def test_the_language_that_runs_the_other_way_turns_words_and_keeps_places():
    turned = catalog("ar-XB")
    assert turned.language.right_to_left
    assert turned.gettext("Client ID <strong>%(client_id)s</strong>") == (
        "\u202eClient ID \u202c<strong>%(client_id)s</strong>"
    )


def test_values_are_written_as_the_language_does():
    german = Catalog(Language("de", "Deutsch", "de", capital_nouns=True))
    assert german.shown(1250) == "1.250"
    assert german.shown(dt.date(2026, 1, 31)) == "31.01.2026"
    assert german.shown(Amount(125_050, "EUR")) == "1.250,50\xa0€"
    assert german.shown(Amount(1250, "JPY")) == "1.250\xa0¥"
    assert german.shown(Amount(1250, "BHD")) == "1,250\xa0BHD"
    assert german.shown(Decimal("10.2375")) == "10,2375"
    assert german.shown(WholeDay(dt.date(2026, 1, 31))) == "31. Januar 2026"
    assert german.shown(Moment(dt.datetime(2026, 1, 31, 14, 5, tzinfo=dt.UTC), "Europe/Berlin")) == (
        "31.01.2026, 15:05 (Europe/Berlin)"
    )
    assert german.inside("Gutschrift") == "Gutschrift"
    assert catalog("en").inside("Credit note") == "credit note"
    assert catalog("en").inside("SLA policy") == "SLA policy"
    assert german.say(Sentence("%(count)s", count=1250)) == "1.250"
    assert german.say(counted("%(count)s day", "%(count)s days", 1250)) == "1.250 days"
