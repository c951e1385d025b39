"""Invoices, credit notes and receipts are told once to those whose role covers money, each with its PDF."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from integrations.mail import Answer, Attachment, Outcome
from jobs.senders import outgoing_of
from models import (
    Account,
    DocumentFile,
    DocumentKind,
    Job,
    JobState,
    Notification,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
    Payment,
    PaymentStatus,
    Person,
)
from models.credit_note import CreditReason
from panel.kinds import date_text
from services import money_mails
from services.choosing_notifications import choose_notifications
from services.credit_notes import issue_credit_note
from services.deliveries import JOB
from services.documents import document_of, typesetter
from services.invoices import issue_invoice, pay_invoice_from_balance
from services.paying.followers import followers, tell_followers
from services.stored_files import stored_files
from tests.factories.money import PaymentFactory
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory
from tests.services.money import CLERK, draft, fund, issued, rows_of
from tests.support.due_jobs import run_due_jobs, runner_at
from tests.support.pdf import text_of


@pytest.fixture(autouse=True)
def _followed(tmp_path):
    before = list(followers)
    money_mails.follow_payments()
    stored_files.bind_folder(tmp_path / "files")
    yield
    followers[:] = before


@pytest.fixture
def account(session) -> Account:
    account = AccountFactory(name="Acme", currency="EUR", client_id="10001")
    OwnerFactory(account=account, person__email="owner@acme.example", person__first_name="Olga")
    for role in (MemberRole.BILLING, MemberRole.PAYMENTS, MemberRole.TICKETS):
        member = MemberFactory(account=account, person__email=f"{role.value}@acme.example")
        MemberRoleGrantFactory(member=member, role=role)
    return account


class Post:
    """Takes every mail, and keeps what was attached by the address; with ``down`` it takes none."""

    def __init__(self) -> None:
        self.attached: dict[str, list[tuple[Attachment, ...]]] = {}
        self.down = False

    def send(self, outgoing) -> Outcome:
        if self.down:
            return Outcome(Answer.LATER, "down")
        self.attached.setdefault(outgoing.address, []).append(outgoing.attachments)
        return Outcome(Answer.TAKEN)


@pytest.fixture
def post(app):
    senders, made = outgoing_of(app).senders, Post()
    before = dict(senders)
    senders[NotificationChannel.EMAIL] = made
    yield made
    senders.clear()
    senders.update(before)


def mails(event: str) -> dict[str, NotificationDelivery]:
    found = db.session.scalars(select(NotificationDelivery).where(NotificationDelivery.event == event)).all()
    assert len({mail.address for mail in found}) == len(found)
    return {mail.address.split("@")[0]: mail for mail in found}


def test_who_reads_invoices_is_told_of_one_with_number_total_due_day_and_link(account, now):
    invoice = issued(account, now, tax_rate=190_000)
    told = mails("invoice_issued")
    assert set(told) == {"owner", "billing", "payments"}
    mail = told["owner"]
    assert mail.subject == f"Invoice {invoice.number}: €119.00, due on {date_text(invoice.due_on, 'en')}"
    for wanted in (
        "Olga",
        invoice.number,
        "€119.00",
        "Acme",
        f"/portal/10001/invoices/{invoice.number}",
        "attached",
    ):
        assert wanted in mail.text, wanted
    assert (mail.document_kind, mail.document_number) == (DocumentKind.INVOICE, invoice.number)
    [notice] = db.session.scalars(select(Notification)).all()
    assert (notice.kind, notice.target_key) == (NotificationKind.INVOICES, invoice.number)


def test_an_invoice_over_nothing_says_that_nothing_is_due(account, now):
    issued(account, now, net=0)
    mail = mails("invoice_issued")["owner"]
    assert "due on" not in mail.subject
    assert "Nothing is due" in mail.text


def test_a_draft_is_told_to_nobody(account, now):
    draft(account, now)
    assert mails("invoice_issued") == {}


def test_who_wants_no_mails_about_invoices_reads_of_them_in_the_portal_only(account, now):
    person = db.session.scalars(select(Person).where(Person.email == "billing@acme.example")).one()
    off = {(NotificationKind.INVOICES, NotificationChannel.EMAIL): False}
    choose_notifications(person, off, quiet_from=None, quiet_until=None, actor=CLERK, now=now)
    issued(account, now)
    assert set(mails("invoice_issued")) == {"owner", "payments"}
    assert rows_of(Notification) == 1


def test_a_credit_note_tells_what_it_is_for_and_what_is_due_now(account, now):
    invoice = issued(account, now)
    note = issue_credit_note(invoice, reason=CreditReason.GOODWILL, amount=4_000, actor=CLERK, now=now)
    told = mails("credit_note_issued")
    assert set(told) == {"owner", "billing", "payments"}
    for wanted in (note.number, invoice.number, "€40.00", "€60.00", date_text(invoice.due_on, "en"), "/credit-notes/"):
        assert wanted in told["owner"].text, wanted
    assert (told["owner"].document_kind, told["owner"].document_number) == (DocumentKind.CREDIT_NOTE, note.number)


def test_a_credit_note_over_everything_says_that_nothing_is_due(account, now):
    invoice = issued(account, now)
    issue_credit_note(invoice, reason=CreditReason.GOODWILL, actor=CLERK, now=now)
    assert "Nothing is due" in mails("credit_note_issued")["owner"].text


def test_who_reads_payments_gets_a_receipt_of_money_that_arrived(account, now):
    invoice = issued(account, now)
    fund(account, 15_000, now)
    payment = db.session.scalars(select(Payment)).one()
    told = mails("payment_received")
    assert set(told) == {"owner", "payments"}
    for wanted in ("€150.00", f"invoice {invoice.number} (€100.00)", "€50.00 are kept as balance"):
        assert wanted in told["owner"].text, wanted
    assert (told["owner"].document_kind, told["owner"].document_number) == (DocumentKind.RECEIPT, payment.number)


def test_paying_from_the_balance_gives_a_receipt_of_its_own(account, now):
    fund(account, 10_000, now)
    invoice = issued(account, now)
    pay_invoice_from_balance(invoice, actor=CLERK, now=now)
    told = select(NotificationDelivery.subject).where(NotificationDelivery.event == "payment_received")
    assert len(set(db.session.scalars(told))) == 2


@pytest.mark.parametrize("status", [PaymentStatus.FAILED, PaymentStatus.PENDING])
def test_a_payment_that_is_not_settled_has_no_receipt(account, now, status):
    payment = PaymentFactory(account=account, status=status, settled_at=None)
    tell_followers(payment, actor=CLERK, now=now)
    assert mails("payment_received") == {}


def test_nothing_is_told_of_an_invoice_whose_issue_is_undone(account, now):
    invoice = draft(account, now)
    db.session.commit()
    issue_invoice(invoice, actor=CLERK, now=now)
    db.session.rollback()
    assert mails("invoice_issued") == {}


def test_the_same_document_told_twice_is_one_mail(account, now):
    invoice = issued(account, now)
    money_mails.tell_of_invoice(invoice, now=now)
    assert set(mails("invoice_issued")) == {"owner", "billing", "payments"}
    assert rows_of(Notification) == 1


def test_the_job_sends_the_pdf_that_is_stored_and_makes_it_first(account, now, post):
    invoice = issued(account, now, tax_rate=190_000)
    assert rows_of(DocumentFile) == 0
    assert run_due_jobs(JOB, now=now) == 3
    assert rows_of(DocumentFile) == 1
    sent = {attachments for [attachments] in post.attached.values()}
    [(attachment,)] = sent
    assert attachment == Attachment(f"{invoice.number}.pdf", document_of(invoice, now=now).content)
    assert "€119.00" in text_of(attachment.content)


def test_a_receipt_says_what_was_paid_even_if_the_mail_goes_out_later(account, now, post):
    post.down = True
    invoice = issued(account, now)
    fund(account, 10_000, now)
    payment = db.session.scalars(select(Payment)).one()
    run_due_jobs(JOB, now=now)
    post.down = False
    run_due_jobs(JOB, now=now + dt.timedelta(minutes=2))
    files = {file.name: file.content for [file] in post.attached["owner@acme.example"]}
    assert set(files) == {f"{invoice.number}.pdf", f"{payment.number}.pdf"}
    assert invoice.number in text_of(files[f"{payment.number}.pdf"])


def test_a_mail_whose_document_cannot_be_set_waits_and_says_why(account, now, post, monkeypatch):
    issued(account, now)
    monkeypatch.setattr("services.documents.TEMPLATE", "missing.typ")
    run_due_jobs(JOB, now=now)
    typesetter.close()
    assert post.attached == {}
    assert {mail.error for mail in mails("invoice_issued").values()} == {
        "The document could not be made just now. Try again in a minute; support is told if it fails again."
    }
    monkeypatch.undo()
    run_due_jobs(JOB, now=now + dt.timedelta(minutes=2))
    assert set(post.attached) == {"owner@acme.example", "billing@acme.example", "payments@acme.example"}


def test_a_job_that_is_done_twice_sends_once(account, now, post):
    issued(account, now)
    run_due_jobs(JOB, now=now)
    for job in db.session.scalars(select(Job).where(Job.kind == JOB)):
        job.state, job.finished_at = JobState.WAITING, None
    db.session.commit()
    while runner_at(now).run_next():
        pass
    assert {len(times) for times in post.attached.values()} == {1}


def test_no_mail_takes_the_document_of_another_account(account, now, post):
    stranger = issued(AccountFactory(), now)
    issued(account, now)
    for mail in mails("invoice_issued").values():
        mail.document_number = stranger.number
    run_due_jobs(JOB, now=now)
    assert post.attached == {}
