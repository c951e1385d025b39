"""What is kept with an account or given to it on paper is written in its language, once, and stays so."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from domain.periods import Period
from extensions import db
from gateways.port import ChargeState
from gateways.registry import Gateways
from models import Account, Invoice, InvoiceTax, Message, NotificationDelivery, Payment, Ticket
from models.credit_note import CreditReason
from services import dunning, money_mails, payment_tickets
from services.credit import give_credit
from services.credit_notes import issue_credit_note
from services.documents import document_of, typesetter
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice, pay_invoice_from_balance, void_invoice
from services.mail_texts import mail_texts
from services.month_packs.contents import contents_of, papers, sheets
from services.papers import credit_note_paper, invoice_paper, receipt_paper
from services.paying.charging import carry_out
from services.paying.followers import followers
from services.refunds import refund_payment
from services.settings import change_setting
from services.statement_days import days_of
from services.statement_papers import statement_paper
from services.stored_files import stored_files
from services.ticket_desk import merge_ticket
from services.unit_of_work import unit_of_work
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory, OwnerFactory
from tests.factories.support import TicketFactory
from tests.services.money import CLERK, fund, issued, statement_of
from tests.support.bare_text import english_words
from tests.support.pdf import text_of
from tests.support.scripted_gateway import ScriptedGateway, says

WORDS = {"Acme", "Support", "Hosting", "House", "Ltd", "Olga", "Ownersen", "Paid twice", "Thank you", "Foyer"}
"""What people wrote: names, what they ordered, and why they did something."""
KEPT_KEYS = {"accent", "language"}


@pytest.fixture(autouse=True)
def _followed(tmp_path):
    before = list(followers)
    for each in (dunning, payment_tickets, money_mails):
        each.follow_payments()
    stored_files.bind_folder(tmp_path / "files")
    yield
    followers[:] = before


@pytest.fixture
def account(session, now) -> Account:
    change_setting("seller_name", "House Ltd", actor=CLERK, now=now)
    change_setting("seller_vat_id", "DE136695976", actor=CLERK, now=now)
    account = AccountFactory(
        name="Acme", client_id="10001", currency="EUR", country="DE", billing_name="Acme", language="en-XA"
    )
    OwnerFactory(account=account, person__first_name="Olga", person__last_name="Ownersen", person__language="en-XA")
    return account


@pytest.fixture
def billed(account, now) -> Invoice:
    why = {"price": {"unit": 10_000, "period": "monthly", "valid_from": "2026-01-01"}, "quantity": 2}
    line = InvoiceLineValues(
        "Hosting",
        unit_price=10_000,
        quantity=2,
        tax_rate=195_000,
        period_from=now.date(),
        period_to=now.date() + dt.timedelta(days=30),
        explanation={**why, "days": {"left": 3, "of": 30}, "changed_by": "Olga", "changed_at": "2026-05-01T10:00:00"},
    )
    return issue_invoice(
        create_invoice(account, [line], description="Hosting", actor=CLERK, now=now), actor=CLERK, now=now
    )


@pytest.fixture
def busy(account, billed, now) -> Account:
    """Something of every kind."""
    fund(account, 60_000, now)
    first = issued(account, now, net=1_000)
    pay_invoice_from_balance(first, actor=CLERK, now=now)
    void_invoice(issued(account, now, net=90_000), actor=CLERK, now=now)
    issue_credit_note(
        billed, reason=CreditReason.GOODWILL, amount=1_000, description="", remark=None, actor=CLERK, now=now
    )
    payment = db.session.scalars(select(Payment).order_by(Payment.id).limit(1)).one()
    refund_payment(payment, amount=500, reason="Paid twice", key="once", actor=CLERK, now=now)
    give_credit(account, amount=700, reason="Thank you", actor=CLERK, now=now)
    return account


def texts_in(paper: Any) -> Iterator[str]:
    """Everything that stands on a paper."""
    if isinstance(paper, str):
        yield paper
    elif isinstance(paper, dict):
        for key, value in paper.items():
            if key not in KEPT_KEYS:
                yield from texts_in(value)
    elif isinstance(paper, (list, tuple)):
        for value in paper:
            yield from texts_in(value)


def english_on(paper: Any) -> list[str]:
    places = ("{page}", "{pages}", "DE136695976", "DE")
    return [word for text in texts_in(paper) for word in english_words(text, {*WORDS, *places})]


# Papers


def test_a_paper_is_written_in_the_language_of_its_account(busy, billed, now):
    note = issue_credit_note(
        billed, reason=CreditReason.OVERCHARGE, amount=1_195, description="", remark=None, actor=CLERK, now=now
    )
    payment = db.session.scalars(select(Payment).order_by(Payment.id).limit(1)).one()
    assert english_on(invoice_paper(billed)) == []
    assert english_on(credit_note_paper(note)) == []
    assert english_on(receipt_paper(payment)) == []
    assert english_on(statement_paper(busy, days_of(busy, now.date(), now.date()))) == []
    quiet = now.date() - dt.timedelta(days=9)
    assert english_on(statement_paper(busy, days_of(busy, quiet, quiet))) == []


def test_a_month_pack_is_written_in_the_language_of_its_account(busy, now):
    contents = contents_of(busy, Period(now.date().replace(day=1), now.date().replace(day=28)))
    assert {name: english_on(paper) for name, paper in papers(contents) if english_on(paper)} == {}
    known = {*WORDS, "EUR", *(str(line.document_number) for line in statement_of(busy))}
    for name, content in sheets(contents):
        cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]
        days = {cell for cell in cells if cell[:4] == f"{now:%Y}"}
        assert english_words("\n".join(cell for cell in cells if cell not in days), known) == [], name


def test_a_pdf_says_its_pages_in_the_language_of_its_account(account, billed, now):
    db.session.commit()
    text = text_of(document_of(billed, now=now).content)
    assert "[Påĝé 1 öƒ 1]".replace("ƒ", "f") in text
    assert "[Îñvöîçé]" in text
    assert "Page" not in text


def test_a_paper_of_a_language_that_runs_the_other_way_begins_on_the_right(account, billed, now):
    account.language = "ar-XB"
    db.session.commit()
    paper = invoice_paper(billed)
    assert (paper["language"], paper["right_to_left"]) == ("ar", True)
    assert document_of(billed, now=now).content.startswith(b"%PDF")
    typesetter.close()


def test_a_paper_that_was_made_stays_when_its_account_chooses_another_language(account, billed, now):
    db.session.commit()
    before = document_of(billed, now=now).content
    account.language = "en"
    db.session.commit()
    assert document_of(billed, now=now).content == before


# What is kept


def test_statements_are_written_in_the_language_of_the_account(busy):
    lines = [line.description for line in statement_of(busy)]
    assert len(lines) >= 8
    assert [word for line in lines for word in english_words(line, WORDS)] == []


def test_what_is_kept_is_not_said_anew_in_another_language(account, billed, now):
    account.language = "en"
    db.session.commit()
    assert statement_of(account)[0].description == f"[Îñvöîçé {billed.number}]: Hosting"
    issued(account, now)
    assert statement_of(account)[-1].description.startswith("Invoice INV")


def test_what_invoices_and_payments_are_about_is_written_in_the_language_of_the_account(busy):
    kept = [tax.name for tax in db.session.scalars(select(InvoiceTax))]
    kept += [payment.description for payment in db.session.scalars(select(Payment))]
    assert any("19.5 %" in text for text in kept)
    assert [word for text in kept for word in english_words(text, WORDS)] == []


def test_a_failed_payment_its_ticket_and_its_mail_speak_the_language_of_the_account(account, billed, now):
    gateway = ScriptedGateway()
    gateway.answers = [says(ChargeState.DECLINED)]
    gateways = Gateways({"scripted": gateway})
    PaymentMethodFactory(account=account, gateway="scripted", is_default=True, expires_on=None, label="Visa 4242")
    at = now + dt.timedelta(days=15)
    db.session.commit()
    with unit_of_work():
        payment_id = dunning.take_steps(billed.id, gateways, actor=CLERK, now=at)
    carry_out(payment_id, gateways, actor=CLERK, now=at)
    payment = db.session.get_one(Payment, payment_id)
    [ticket] = db.session.scalars(select(Ticket)).all()
    [message] = db.session.scalars(select(Message)).all()
    for text in (payment.failure_reason, payment.description, ticket.subject, message.title, message.body):
        assert english_words(text, WORDS) == [], text
    mails = db.session.scalars(select(NotificationDelivery).where(NotificationDelivery.event == "payment_failed"))
    for mail in mails:
        assert english_words(f"{mail.subject}\n{mail.text}", {*WORDS, mail_texts.brand_name}) == []


def test_mails_about_money_write_days_and_amounts_as_their_reader_does(busy):
    mails = db.session.scalars(select(NotificationDelivery)).all()
    assert {mail.event for mail in mails} >= {"invoice_issued", "credit_note_issued", "payment_received"}
    for mail in mails:
        assert english_words(f"{mail.subject}\n{mail.text}", {*WORDS, mail_texts.brand_name}) == [], mail.event


def test_a_merged_ticket_says_so_in_the_language_of_the_account(account, now):
    one, other = TicketFactory(account=account, number="T-000001"), TicketFactory(account=account, number="T-000002")
    merge_ticket(one, into="T-000002", actor=CLERK, now=now)
    [message] = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert english_words(f"{message.title} {message.body}") == []
    assert other.number in message.body
