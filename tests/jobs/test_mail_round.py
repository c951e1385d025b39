"""There and back: a message is mailed over real SMTP, and the answer to that mail becomes a message beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from integrations.mail_catcher import MailCatcher
from jobs.mail_in import take_in
from jobs.senders import outgoing_of, send_to_catcher
from models import InboundMail, InboundOutcome, Message, NotificationDelivery
from services.deliveries import Step, deliver
from services.messages import write_message
from services.stored_files import stored_files
from tests.support.mails import a_mail
from tests.support.mails.house import MailHouse, build_house


@pytest.fixture
def house(app: Flask, session: Session, tmp_path: Path) -> MailHouse:
    stored_files.bind_folder(tmp_path / "files")
    return build_house()


@pytest.fixture
def caught(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """The folder of a real SMTP server that the outbox sends to."""
    folder = tmp_path / "caught"
    catcher = MailCatcher(folder)
    catcher.start()
    before = dict(outgoing_of(app).senders)
    send_to_catcher(app, app.extensions["settings"], catcher.port)
    try:
        yield folder
    finally:
        outgoing_of(app).senders.clear()
        outgoing_of(app).senders.update(before)
        catcher.stop()


def mailed(app: Flask, folder: Path, now: dt.datetime) -> dict[str, EmailMessage]:
    """What arrived at whom, once everything of the outbox was sent."""
    db.session.commit()
    for delivery_id in db.session.scalars(select(NotificationDelivery.id).order_by(NotificationDelivery.id)).all():
        db.session.rollback()
        assert deliver(delivery_id, outgoing_of(app).senders, now=now) in (Step.SENT, Step.NOTHING)
    mails: list[Any] = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in folder.glob("*.eml")]
    return {str(mail["X-Envelope-To"]): mail for mail in mails}


def written_by_the_agent(house: MailHouse, now: dt.datetime) -> Message:
    person = house.agent.person
    actor = Actor(str(person), Source.STAFF, person_id=person.id, staff_member_id=house.agent.id)
    values = {"title": "We look", "body": "Did you restart it?"}
    return write_message(house.discussion, values, actor=actor, now=now)


def newest() -> InboundMail:
    db.session.rollback()
    return db.session.scalars(select(InboundMail).order_by(InboundMail.id.desc()).limit(1)).one()


def test_an_answer_to_the_mail_becomes_a_message_of_its_discussion(
    app: Flask, house: MailHouse, caught: Path, now: dt.datetime
) -> None:
    written_by_the_agent(house, now)
    mail = mailed(app, caught, now)[house.corpus.member]
    text = f"Yes, twice.\n\nOn Friday 15 May, Support wrote:\n> {mail.get_body(('plain',)).get_content()}"  # type: ignore[union-attr]
    answer = a_mail(house.corpus.member, str(mail["Reply-To"]), "Re: We look", text, answers=str(mail["Message-ID"]))
    take_in(answer.as_bytes(), recipients=[str(mail["Reply-To"])], sender=house.corpus.member, now=now)
    kept = newest()
    message = db.session.get_one(Message, kept.message_id)
    assert kept.outcome is InboundOutcome.REPLY
    assert (message.discussion_id, message.body) == (house.discussion.id, "Yes, twice.")


def test_an_answer_that_goes_to_the_sender_of_the_mail_finds_its_discussion_by_the_thread(
    app: Flask, house: MailHouse, caught: Path, now: dt.datetime
) -> None:
    written_by_the_agent(house, now)
    mail = mailed(app, caught, now)[house.corpus.copied]
    answer = a_mail(house.corpus.copied, str(mail["From"]), "Re: We look", "Me too.", answers=str(mail["Message-ID"]))
    take_in(answer.as_bytes(), recipients=["foyer@localhost"], sender=house.corpus.copied, now=now)
    assert newest().outcome is InboundOutcome.REPLY


def test_all_mails_of_a_discussion_are_one_thread(app: Flask, house: MailHouse, caught: Path, now: dt.datetime) -> None:
    written_by_the_agent(house, now)
    mails = mailed(app, caught, now)
    threads = {str(mails[address]["References"]).strip() for address in (house.corpus.member, house.corpus.copied)}
    assert threads == {house.corpus.thread_id}


def test_our_own_mail_that_is_sent_back_to_us_is_a_loop(
    app: Flask, house: MailHouse, caught: Path, now: dt.datetime
) -> None:
    written_by_the_agent(house, now)
    mail = mailed(app, caught, now)[house.corpus.member]
    take_in(mail.as_bytes(), recipients=[house.corpus.support], sender=house.corpus.member, now=now)
    kept = newest()
    assert (kept.outcome, kept.reason) == (InboundOutcome.REJECTED, "It is a mail of ours that came back.")
