"""Every mail says the same twice: as text and as HTML."""

from __future__ import annotations

import re

import pytest
from jinja2 import DictLoader, FileSystemLoader, meta

from services.mail_texts import TEMPLATES, MailText, MailTexts
from tests.support.bare_text import bare_texts, english_words

EVENTS = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())
FILES = ("subject.txt", "body.txt", "body.html")
LINK = re.compile(r"https?://[^\s\"'<>]+")
GLOBALS = {"brand_name", "base_url", "unsubscribe_url", "parts", "speaker", "_", "ngettext"}


def values_for(event: str) -> dict[str, str]:
    """A value for each name the templates of the event use."""
    environment = MailTexts(FileSystemLoader(TEMPLATES)).environment
    names: set[str] = set()
    for file in FILES:
        names |= meta.find_undeclared_variables(environment.parse((TEMPLATES / event / file).read_text()))
    return {name: f"value-of-{name.replace('_', '-')}" for name in names - GLOBALS}


def mail_of(event: str, **more: str) -> MailText:
    texts = MailTexts(FileSystemLoader(TEMPLATES))
    texts.bind(brand_name="TELCOware", base_url="https://portal.example")
    return texts.render(event, **values_for(event), **more)


def links_in(text: str) -> set[str]:
    return {link.rstrip(".,") for link in LINK.findall(text)}


def test_there_are_mails() -> None:
    assert len(EVENTS) >= 6


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_subject_text_and_html(event: str) -> None:
    assert {file.name for file in (TEMPLATES / event).iterdir()} == set(FILES)


@pytest.mark.parametrize("event", EVENTS)
def test_text_and_html_carry_the_same_links(event: str) -> None:
    mail = mail_of(event)
    assert links_in(mail.text) == links_in(mail.html)


@pytest.mark.parametrize("event", EVENTS)
def test_text_and_html_carry_the_same_values(event: str) -> None:
    mail = mail_of(event)
    shown = set(re.findall(r"value-of-[\w-]+", mail.text))
    assert {word for word in shown if word not in mail.html} == set()


@pytest.mark.parametrize("event", EVENTS)
def test_the_link_that_stops_mails_stands_in_both(event: str) -> None:
    mail = mail_of(event, unsubscribe_url="https://portal.example/unsubscribe/x")
    assert "https://portal.example/unsubscribe/x" in links_in(mail.text) & links_in(mail.html)
    assert "unsubscribe" not in mail.notice


@pytest.mark.parametrize("event", EVENTS)
def test_html_is_styled_in_place_and_fetches_nothing(event: str) -> None:
    mail = mail_of(event)
    assert "prefers-color-scheme: dark" in mail.html
    assert re.search(r"<h1 style=\"[^\"]*color", mail.html)
    assert re.findall(r"<(?:img|link|script|iframe|object|form)\b|\bon\w+=|url\(", mail.html) == []
    assert '<html lang="en">' in mail.html


@pytest.mark.parametrize("event", EVENTS)
def test_a_mail_is_said_in_the_language_of_who_reads_it(event: str) -> None:
    mail = mail_of(event, language="en-XA", unsubscribe_url="https://portal.example/unsubscribe/x")
    data = ("TELCOware", *values_for(event).values())
    assert english_words(f"{mail.subject}\n{mail.text}", data) == []
    assert [word for text in bare_texts(mail.html, ()) for word in english_words(text, data)] == []
    assert '<html lang="en-XA">' in mail.html


def test_what_people_wrote_is_no_markup() -> None:
    texts = MailTexts(FileSystemLoader(TEMPLATES))
    mail = texts.render("password_changed", name="<b>Tom</b> & <script>", email="tom@acme.example")
    assert "<b>Tom" not in mail.html
    assert "&lt;b&gt;Tom&lt;/b&gt; &amp; &lt;script&gt;" in mail.html
    assert "Hello <b>Tom</b> & <script>" in mail.text


def test_a_link_that_only_one_of_them_has_is_noticed() -> None:
    texts = MailTexts(
        DictLoader({"x/subject.txt": "S", "x/body.txt": "See https://a.example/1", "x/body.html": "<p>See nothing</p>"})
    )
    mail = texts.render("x")
    assert links_in(mail.text) != links_in(mail.html)
