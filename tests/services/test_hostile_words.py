"""Hostile texts (three hundred in a whole sweep) on their way out of the house: in mails, and in documents that a typesetter sets (issue 6)."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from domain.mail_text import clean
from integrations.mail_catcher import MailCatcher
from jobs.senders import outgoing_of, send_to_catcher
from models import NotificationDelivery
from services.deliveries import Step, deliver
from services.documents import document_of
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice
from services.messages import MessageWithoutTitle
from services.tickets import open_ticket
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, MemberFactory
from tests.factories.support import TicketTypeFactory
from tests.services.money import CLERK
from tests.support.hostile_texts import hostile_texts
from tests.support.pdf import text_of
from tests.support.shapes import Shape, shape_of
from tests.support.sweeps import some

pytestmark = pytest.mark.slow

TEXTS = [each.text for each in hostile_texts()]
MAILED = some(TEXTS, 60, turn=2)  # not those that staff are shown by other tests
COPY = "copy@partner.example"


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def caught(app, tmp_path):
    """The folder of a real SMTP server that the outbox sends to."""
    catcher = MailCatcher(tmp_path / "caught")
    catcher.start()
    before = dict(outgoing_of(app).senders)
    send_to_catcher(app, app.extensions["settings"], catcher.port)
    yield tmp_path / "caught"
    outgoing_of(app).senders.clear()
    outgoing_of(app).senders.update(before)
    catcher.stop()


def opened(text: str, now, kind, member) -> str:
    actor = Actor("Ann", Source.PORTAL, person_id=member.person_id, member_id=member.id, account_id=member.account_id)
    first = {"copies": [COPY]}
    values = {
        "account_id": member.account_id,
        "ticket_type": kind,
        "subject": text,
        "description": text,
        "first_message": first,
    }
    return open_ticket(values, actor=actor, now=now).number


def mails_in(folder) -> dict[str, Any]:
    """What arrived, by the number of the ticket in the subject."""
    found = {}
    for file in folder.glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        found[re.match(r"\s*\[(\S+)\]", str(mail["Subject"]))[1]] = mail
    return found


def parts_of(mail) -> tuple[str, Shape]:
    return mail.get_body(("plain",)).get_content(), shape_of(mail.get_body(("html",)).get_content())


def test_mails_say_each_of_them_and_stay_one_mail_to_one_address(app, session, caught, now):
    kind, member = TicketTypeFactory(), MemberFactory(account__name="Acme")
    with unit_of_work():
        harmless = opened("Harmless words", now, kind, member)
        numbers = {opened(text, now, kind, member): text for text in MAILED if squeezed(text)}
        with pytest.raises(MessageWithoutTitle):
            opened("\u00a0\u2007\u202f", now, kind, member)
    ids = session.scalars(select(NotificationDelivery.id).order_by(NotificationDelivery.id)).all()
    session.commit()
    assert {deliver(each, outgoing_of(app).senders, now=now) for each in ids} == {Step.SENT}

    mails = mails_in(caught)
    assert set(mails) == {harmless, *numbers}
    headers, shape = sorted(mails[harmless].keys()), parts_of(mails[harmless])[1]
    for number, text in numbers.items():
        mail = mails[number]
        plain, html = parts_of(mail)
        assert sorted(mail.keys()) == headers, text
        assert (mail["X-Envelope-To"], mail["To"]) == (COPY, COPY)
        assert (
            squeezed(str(mail["Subject"])).replace("=\u200b?", "=?")
            == f"[{number}] {squeezed(clean(squeezed(text)))}".strip()
        )
        assert html.elements == shape.elements, text
        assert squeezed(text) in squeezed(plain), text
        assert squeezed(text) in squeezed(html.text), text


# Documents


def bare(text: str) -> str:
    """Without space, and without the places to break that long runs are given."""
    return "".join(text.replace("\u200b", "").split())


def test_a_document_prints_each_of_them_as_it_was_typed(app, session, kept_files, now):
    """Three hundred lines, and addresses: nothing is taken for markup, and no file of the house is read."""
    account = AccountFactory(country="US", currency="USD")
    lines = [InvoiceLineValues(text, unit_price=100, tax_rate=0) for text in TEXTS if squeezed(text)]
    with unit_of_work():
        invoice = issue_invoice(
            create_invoice(account, lines, description=TEXTS[-1], actor=CLERK, now=now), actor=CLERK, now=now
        )
    found = bare(text_of(document_of(invoice, now=now).content, "-raw"))
    code = [each.text for each in hostile_texts() if each.text.isascii() and each.text.isprintable()]
    missing = [text for text in code if bare(text) not in found]
    assert missing == []
    assert "root:" not in found


@pytest.mark.parametrize("part", range(10))
def test_who_is_billed_is_printed_as_it_was_typed(app, session, kept_files, now, part):
    texts = [text for text in TEXTS if squeezed(text)][part::50]
    names = ("billing_name", "billing_line1", "billing_line2", "billing_postal_code", "billing_city", "billing_region")
    account = AccountFactory(country="US", currency="USD", **dict(zip(names, (t[:20] for t in texts), strict=False)))
    with unit_of_work():
        line = InvoiceLineValues("Support", unit_price=100, tax_rate=0)
        invoice = issue_invoice(
            create_invoice(account, [line], description="x", actor=CLERK, now=now), actor=CLERK, now=now
        )
    found = bare(text_of(document_of(invoice, now=now).content, "-raw"))
    assert [text for text in texts if text.isascii() and text.isprintable() and bare(text[:20]) not in found] == []
