"""The demo's mail page and its own mail server: what went over SMTP is what is shown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from extensions import db
from jobs.demo_mail import DemoMail
from jobs.senders import outgoing_of
from models import Invoice, NotificationChannel, NotificationDelivery
from services.deliveries import Step, deliver
from services.documents import attachment_of, document_of
from services.notifications import queue_mail, tell
from tests.factories.people import MemberFactory, OwnerFactory
from tests.services.money import issued
from views.demo_mail import MAIL_POLICY


@pytest.fixture
def demo(make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    app = make_app(FOYER_ENV="demo", DATA_DIR=str(tmp_path), MAIL_TIMEOUT_SECONDS="5")
    catcher = DemoMail(app)
    catcher.start()
    yield app
    catcher.stop()


def send(app: Flask, mail_id: int, now: dt.datetime) -> Step:
    with app.app_context():
        return deliver(mail_id, outgoing_of(app).senders, now=now)


def test_what_arrived_is_shown_with_text_message_id_and_the_other_part_in_a_sandbox(
    session: Session, demo: Flask, now: dt.datetime
) -> None:
    mail = tell(MemberFactory().person, "reset_link", now=now, secret=True, token="tok-en", minutes=60)
    assert mail is not None
    session.commit()
    assert send(demo, mail.id, now) is Step.SENT
    client: Any = demo.test_client()
    page = client.get("/demo/mail")
    text = page.get_data(as_text=True)
    assert "Received" in text
    assert mail.message_id.strip("<>") in text
    assert "/reset-password/tok-en" in text  # blanked in the database, and received
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    frame = re.search(r'<iframe[^>]*src="([^"]+)"[^>]*>', text, re.DOTALL)
    assert frame is not None
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[0]
    letter = client.get(frame[1])
    assert "Set a new password" in letter.get_data(as_text=True)
    policy = letter.headers["Content-Security-Policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "allow-scripts" not in policy
    assert "script-src" not in MAIL_POLICY
    assert "default-src 'none'" in policy


def test_what_was_attached_is_shown_and_saved_as_it_came(session: Session, demo: Flask, now: dt.datetime) -> None:
    account = OwnerFactory().account
    invoice = issued(account, now)
    session.commit()
    [mail] = session.scalars(select(NotificationDelivery)).all()
    client: Any = demo.test_client()
    waiting = client.get("/demo/mail").get_data(as_text=True)
    assert f"{invoice.number}.pdf, read when the mail is sent" in " ".join(waiting.split())
    with demo.app_context():
        sent = deliver(mail.id, outgoing_of(demo).senders, now=now, documents=attachment_of)
        stored = document_of(db.session.get_one(Invoice, invoice.id), now=now).content
    assert sent is Step.SENT
    link = re.search(rf'<a href="([^"]+)" download>{invoice.number}.pdf</a>', client.get("/demo/mail").text)
    assert link is not None
    file = client.get(link[1])
    assert file.data == stored
    assert file.headers["Content-Disposition"] == f"attachment; filename={invoice.number}.pdf"
    assert (file.mimetype, file.headers["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    for other in ("0", "2", "99999999999", "-1", "x"):
        assert client.get(link[1].rsplit("/", 1)[0] + f"/{other}").status_code == 404


@pytest.mark.parametrize("name", ["x", "..", "%2e%2e%2fx", "x.eml", "%00"])
def test_no_other_file_is_served(demo: Flask, name: str) -> None:
    assert demo.test_client().get(f"/demo/mail/{name}").status_code == 404


def test_what_still_waits_is_shown_too(session: Session, demo: Flask, now: dt.datetime) -> None:
    queue_mail("mia@acme.example", "test", "Patience", "Soon.", now=now)
    session.commit()
    page = demo.test_client().get("/demo/mail").get_data(as_text=True)
    assert "Patience" in page
    assert "Waiting" in page


def test_a_house_with_a_mail_server_catches_nothing(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    app = make_app(FOYER_ENV="demo", DATA_DIR=str(tmp_path), MAIL_SERVER="127.0.0.1", MAIL_PORT="9")
    before = outgoing_of(app).senders[NotificationChannel.EMAIL]
    catcher = DemoMail(app)
    catcher.start()
    assert outgoing_of(app).senders[NotificationChannel.EMAIL] is before
    catcher.stop()


@pytest.mark.parametrize("path", ["/demo/mail/x", "/demo/mail/x/files/1"])
def test_other_houses_serve_no_mails(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404
