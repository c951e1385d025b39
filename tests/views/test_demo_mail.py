"""The demo's mail page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from services.notifications import latest_mails, queue_mail
from tests.support.door import PASSWORD, member_who_can_sign_in, post_form, sign_in_as
from tests.support.due_jobs import RESET_LINK, run_due_jobs

NEW_PASSWORD = "seven green bicycles"


def browser_of_the_demo(keep_app: Callable[..., Flask]) -> Any:
    return keep_app(FOYER_ENV="demo").test_client()


def test_it_exists_in_the_demo_only(client: Any, keep_app: Callable[..., Flask]) -> None:
    assert client.get("/demo/mail").status_code == 404
    assert browser_of_the_demo(keep_app).get("/demo/mail").status_code == 200


def test_nothing_mailed_yet_is_said_in_words(keep_app: Callable[..., Flask]) -> None:
    page = browser_of_the_demo(keep_app).get("/demo/mail").get_data(as_text=True)
    assert "No mail yet" in page


def test_the_newest_mail_stands_first(session: Session, now: dt.datetime, keep_app: Callable[..., Flask]) -> None:
    queue_mail("mia@acme.example", "test", "The older one", "First.", now=now)
    queue_mail("mia@acme.example", "test", "The newer one", "Second.", now=now)
    session.commit()
    page = browser_of_the_demo(keep_app).get("/demo/mail").get_data(as_text=True)
    assert page.index("The newer one") < page.index("The older one")
    assert "mia@acme.example" in page


def test_what_people_wrote_is_text_and_not_markup(
    session: Session, now: dt.datetime, keep_app: Callable[..., Flask]
) -> None:
    queue_mail("mia@acme.example", "test", "<b>Hello</b>", "<script>alert(1)</script>", now=now)
    session.commit()
    page = browser_of_the_demo(keep_app).get("/demo/mail").get_data(as_text=True)
    assert "<script>alert(1)" not in page
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page


def test_a_reset_link_read_there_sets_a_new_password(session: Session, keep_app: Callable[..., Flask]) -> None:
    member_who_can_sign_in("mia@acme.example")
    session.commit()
    browser = browser_of_the_demo(keep_app)
    post_form(browser, "/forgot-password", email="mia@acme.example")
    run_due_jobs(RESET_LINK)
    page = browser.get("/demo/mail").get_data(as_text=True)
    link = re.search(r"http://localhost(/reset-password/[\w-]+)", page)
    assert link is not None
    assert post_form(browser, link[1], new_password=NEW_PASSWORD, repeated=NEW_PASSWORD).status_code == 303
    assert sign_in_as(browser, "mia@acme.example", PASSWORD).status_code != 303
    assert sign_in_as(browser, "mia@acme.example", NEW_PASSWORD).status_code == 303


def test_the_latest_mails_are_as_many_as_were_asked_for(session: Session, now: dt.datetime) -> None:
    for number in range(5):
        queue_mail("mia@acme.example", "test", f"Mail {number}", "Text.", now=now)
    assert [mail.subject for mail in latest_mails(2)] == ["Mail 4", "Mail 3"]
