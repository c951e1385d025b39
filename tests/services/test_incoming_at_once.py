"""The same mail, and many mails, handed over at the same moment: each is one record, and the counter adds up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from extensions import db
from models import InboundMail, InboundOutcome, Message
from services.incoming import receive_mail
from services.mail_counts import MailCounts, mail_counts
from services.stored_files import stored_files
from tests.services.money import rows_of
from tests.support.mails import a_mail
from tests.support.mails.house import MailHouse, build_house
from tests.support.parallel import at_once

TIMES = 8


@pytest.fixture
def house(session: Session, tmp_path: Path) -> MailHouse:
    stored_files.bind_folder(tmp_path / "files")
    return build_house()


def test_the_same_mail_handed_over_at_once_is_one_record_and_one_message(house: MailHouse, now: dt.datetime) -> None:
    content, to = a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes.").as_bytes(), house.corpus.reply
    at_once(lambda _number: receive_mail(content, recipient=to, sender=None, now=now).id, times=TIMES)
    assert (rows_of(InboundMail), rows_of(Message)) == (1, 1)
    assert mail_counts(since=now.date()) == MailCounts(1, 1, 0, 0, 0)


def test_one_message_on_many_ways_at_once_is_one_message(house: MailHouse, now: dt.datetime) -> None:
    mail = a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes.", message_id="<1@acme.example>")
    content, to = mail.as_bytes(), house.corpus.reply

    def receive(number: int) -> None:
        receive_mail(b"X-Way: %d\n" % number + content, recipient=to, sender=None, now=now)

    at_once(receive, times=TIMES)
    assert rows_of(Message) == 1
    outcomes = sorted(db.session.scalars(select(InboundMail.outcome)))
    assert outcomes == sorted([InboundOutcome.REPLY, *[InboundOutcome.REJECTED] * (TIMES - 1)])


def test_many_mails_at_once_are_all_counted_on_their_day(house: MailHouse, now: dt.datetime) -> None:
    senders = [house.corpus.member, house.corpus.stranger]

    def receive(number: int) -> None:
        mail = a_mail(senders[number % 2], house.corpus.support, message_id=f"<{number}@acme.example>")
        receive_mail(mail.as_bytes(), recipient=house.corpus.support, sender=None, now=now)

    at_once(receive, times=TIMES)
    assert mail_counts(since=now.date()) == MailCounts(TIMES, 0, TIMES // 2, TIMES // 2, 0)
