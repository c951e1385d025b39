"""Which language a page is in: the person's, else what was chosen in this browser, else what the browser asks for."""

from __future__ import annotations

import pytest

from domain import languages
from domain.languages import Language
from tests.support.pages import forms_of
from views import locale

GERMAN = Language("de", "Deutsch", "de")


@pytest.fixture
def german(monkeypatch):
    """German is offered, as it will be once its catalog is complete."""
    monkeypatch.setattr(locale, "SPOKEN", {**languages.SPOKEN, "de": GERMAN})


def lang_of(page):
    return page.headers["Content-Language"]


def test_strangers_get_the_language_their_browser_asks_for(client, german):
    def asked(header):
        return lang_of(client.get("/sign-in", headers={"Accept-Language": header}))

    assert asked("de-AT, en;q=0.8") == "de"
    assert asked("en, de;q=0.9") == "en"
    assert asked("it") == "en"
    assert asked("de;q=0") == "en"


def test_what_was_chosen_in_the_browser_goes_before_what_it_asks_for(client):
    page = client.get("/sign-in")
    (form,) = [form for form in forms_of(page) if form.action.endswith("/language")]
    answer = client.post("/language", data={**form.values, "language": "en-XA"})
    assert answer.status_code == 303
    assert answer.location == "/sign-in"
    page = client.get("/sign-in", headers={"Accept-Language": "en"})
    assert lang_of(page) == "en-XA"
    assert '<html lang="en-XA"' in page.text
    assert "[Šîĝñ îñ]" in page.text


def test_a_language_that_is_not_offered_is_not_kept(client):
    page = client.get("/sign-in")
    (form,) = [form for form in forms_of(page) if form.action.endswith("/language")]
    answer = client.post("/language", data={**form.values, "language": "tlh"})
    assert "language=" not in answer.headers.get("Set-Cookie", "")


def test_one_is_not_led_elsewhere_by_choosing_a_language(client):
    page = client.get("/sign-in")
    (form,) = [form for form in forms_of(page) if form.action.endswith("/language")]
    answer = client.post("/language", data={**form.values, "language": "en", "next": "//evil.example"})
    assert answer.location == "/"


def test_a_language_that_runs_from_right_to_left_turns_the_page(client):
    client.set_cookie(locale.COOKIE, "ar-XB")
    assert 'dir="rtl"' in client.get("/sign-in").text


def test_pseudo_languages_are_never_offered_in_production(app, monkeypatch):
    from config import Environment

    settings = app.extensions["settings"].model_copy(update={"environment": Environment.PRODUCTION})
    monkeypatch.setitem(app.extensions, "settings", settings)
    with app.test_request_context(headers={"Cookie": "language=en-XA"}):
        assert set(locale.offered_languages()) == set(languages.SPOKEN)
        assert locale.select_language().code == "en"
