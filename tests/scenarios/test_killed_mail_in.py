"""Whoever takes mails in is killed with each of them in hand: none is lost, and none becomes two messages (SPEC F3).

The mail server in front has no answer then, so it keeps the mail and brings it again.
"""

from __future__ import annotations

import smtplib
from collections import Counter

import pytest
from sqlalchemy import select

from models import InboundMail, InboundOutcome, Message
from services.mail_counts import MailCounts, mail_counts
from tests.commands.test_serve import free_port
from tests.support.forked_runners import ForkedRunners
from tests.support.mails import a_mail
from tests.support.mails.house import DOMAIN, build_house
from tests.support.runner_process import wait_for

pytestmark = pytest.mark.slow

MAILS = 30
POINTS = ("before", "written", "committed")  # see tests/support/dying_door.py, which only a runner may import


@pytest.fixture
def order(tmp_path):
    return tmp_path / "die-at"


@pytest.fixture
def receiver(session, database, tmp_path, order):
    made = ForkedRunners(
        database.url,
        tmp_path,
        kinds="tests.support.dying_door",
        MAIL_IN_PORT=str(free_port()),
        MAIL_IN_DOMAIN=DOMAIN,
        DIE_AT_FILE=str(order),
        JOBS_THREADS="1",
    )
    yield made
    made.close()


def brought(receiver, mail, to):
    """Whether the one who brings it is told that it is kept."""
    port = int(receiver.environ["MAIL_IN_PORT"])
    try:
        with smtplib.LMTP("127.0.0.1", port, timeout=30) as client:
            client.sendmail(str(mail["From"]), [to], mail.as_bytes())
    except (OSError, smtplib.SMTPException):
        return False
    return True


def test_a_mail_that_kills_its_receiver_is_brought_again_and_is_one_message(session, receiver, order):
    corpus = build_house().corpus
    session.commit()
    for number in range(MAILS):
        sender = corpus.stranger if number % 5 == 0 else corpus.member
        mail = a_mail(sender, corpus.support, f"Mail {number}", f"No. {number}.", message_id=f"<{number}@acme.example>")
        order.write_text(POINTS[number % len(POINTS)])
        receiver.start()
        wait_for(lambda mail=mail: brought(receiver, mail, corpus.support) or not order.exists(), what="a receiver")
        wait_for(lambda: not receiver.lives(), what="its end", patience=20)
        assert not order.exists(), receiver.said()[-4000:]  # it died where it should, before it said a word
        receiver.start()
        wait_for(lambda mail=mail: brought(receiver, mail, corpus.support), what="the next receiver")
        receiver.kill()

    session.rollback()
    kept = session.scalars(select(InboundMail)).all()
    assert sorted(mail.subject for mail in kept) == sorted(f"Mail {number}" for number in range(MAILS))
    outcomes = Counter(mail.outcome for mail in kept)
    strangers = len(range(0, MAILS, 5))
    assert outcomes == {InboundOutcome.NEW_TICKET: MAILS - strangers, InboundOutcome.HELD: strangers}
    bodies = Counter(session.scalars(select(Message.body)))
    assert bodies == {f"No. {number}.": 1 for number in range(MAILS) if number % 5}
    day = min(mail.received_at for mail in kept).date()
    assert mail_counts(since=day) == MailCounts(MAILS, 0, MAILS - strangers, strangers, 0)
