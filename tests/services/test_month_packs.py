"""Month packs: lists whose totals are the statement's, papers that agree, and a link that ends."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import re
import zipfile

import pytest
from sqlalchemy import select

from extensions import db
from models import Account, AuditEvent, DeliveryLink, DocumentFile, File, Job, Notification, NotificationDelivery
from models.credit_note import CreditReason
from models.document_file import DocumentKind
from services.credit import give_credit
from services.credit_notes import issue_credit_note
from services.invoices import pay_invoice_from_balance, void_invoice
from services.month_packs import asking, contents, making
from services.month_packs.asking import (
    MOST_MONTHS,
    MonthNotOffered,
    ask_for_pack,
    is_at_work,
    last_refusal,
    months_offered,
    packs_of,
)
from services.month_packs.contents import PackNotEqual, contents_of
from services.month_packs.links import (
    KEPT_AFTER_EXPIRY,
    LinkExpired,
    LinkUnknown,
    discard_lost_packs,
    forget_expired_packs,
    open_link,
)
from services.refunds import refund_payment
from services.settings import change_setting
from services.stored_files import stored_files
from tests.factories.activity import JobFactory
from tests.factories.people import AccountFactory, OwnerFactory
from tests.services.money import CLERK, fund, issued, rows_of, statement_of
from tests.support.due_jobs import run_due_jobs
from tests.support.pdf import text_of

JUNE = dt.datetime(2026, 6, 10, 9, 0, tzinfo=dt.UTC)
MAY = "2026-05"
ONE_DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _files(kept_files):
    """What is kept lies in a folder of this test."""


@pytest.fixture
def account(session) -> Account:
    return AccountFactory(client_id="10001", name="Blue Door", currency="EUR", country="DE")


@pytest.fixture
def asker(account):
    owner = OwnerFactory(account=account)
    return dataclasses.replace(CLERK, person_id=owner.person_id)


@pytest.fixture
def busy_month(account, now):
    """Something of every kind in May, and documents before and after it."""
    fund(account, 20_000, now - 40 * ONE_DAY)
    issued(account, now - 35 * ONE_DAY, net=1_000)
    first = issued(account, now, net=10_000, tax_rate=190_000)
    pay_invoice_from_balance(first, actor=CLERK, now=now)
    second = issued(account, now + ONE_DAY, net=5_000, tax_rate=190_000)
    void_invoice(second, actor=CLERK, now=now + 2 * ONE_DAY)
    third = issued(account, now + 3 * ONE_DAY, net=30_000)
    issue_credit_note(
        first,
        reason=CreditReason.GOODWILL,
        amount=1_190,
        description="",
        remark=None,
        actor=CLERK,
        now=now + 4 * ONE_DAY,
    )
    fund(account, 45_000, now + 5 * ONE_DAY)
    give_credit(account, amount=777, reason="Sorry", actor=CLERK, now=now + 6 * ONE_DAY)
    issued(account, JUNE, net=9_999)
    db.session.commit()
    return first, third


def read_pack(account, asker, month=MAY, now=JUNE) -> zipfile.ZipFile:
    ask_for_pack(account, month, in_portal=True, actor=asker, now=now)
    assert run_due_jobs(asking.JOB, now=now) == 1
    stored = open_link(newest_link().public_id, account_id=account.id, actor=asker, now=now)
    return zipfile.ZipFile(io.BytesIO(stored.content))


def newest_link() -> DeliveryLink:
    return db.session.scalars(select(DeliveryLink).order_by(DeliveryLink.id.desc())).first()


def rows(pack: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(pack.read(name).decode("utf-8-sig"), newline="")))


def cents(text: str) -> int:
    return int(text.replace(".", ""))


def total(listed: list[dict[str, str]]) -> int:
    return sum(cents(row["Amount"]) for row in listed)


def in_may(account, *kinds: str) -> int:
    return sum(
        line.amount for line in statement_of(account) if f"{line.booked_on:%Y-%m}" == MAY and line.kind.value in kinds
    )


def test_the_totals_of_the_lists_are_those_of_the_statement(account, asker, busy_month):
    pack = read_pack(account, asker)
    assert total(rows(pack, "invoices.csv")) == in_may(account, "invoice", "invoice_voided") == -11_900 - 30_000
    assert total(rows(pack, "credit-notes.csv")) == in_may(account, "credit_note") == 1_190
    assert total(rows(pack, "payments.csv")) == in_may(account, "payment", "refund") == 45_000
    lines = rows(pack, "statement.csv")
    sums = {row["What"]: cents(row["Amount"]) for row in rows(pack, "totals.csv")}
    assert sums["Opening balance"] + total(lines) == sums["Closing balance"] == cents(lines[-1]["Balance"])
    assert sums["Invoices"] + sums["Credit notes"] + sums["Payments and refunds"] + 777 == total(lines)
    assert sums["Credits and balances brought along"] == 777


def test_only_the_month_is_in_it(account, asker, busy_month):
    pack = read_pack(account, asker)
    days = {row["Booked on"][:7] for name in ("statement", "invoices", "payments") for row in rows(pack, f"{name}.csv")}
    assert days == {MAY}


def test_every_document_has_its_pdf_and_every_list_too(account, asker, busy_month):
    pack = read_pack(account, asker)
    names = set(pack.namelist())
    lists = {
        f"{name}.{kind}" for name in ("statement", "invoices", "credit-notes", "payments") for kind in ("csv", "pdf")
    }
    assert names >= lists | {"totals.csv"}
    for name in ("invoices", "credit-notes", "payments"):
        numbers = {row["Number"] for row in rows(pack, f"{name}.csv")}
        assert {file for file in names if file.startswith(f"{name}/")} == {f"{name}/{number}.pdf" for number in numbers}


def test_the_papers_say_the_same_totals_as_the_sheets(account, asker, busy_month):
    pack = read_pack(account, asker)
    for name in ("invoices", "credit-notes", "payments"):
        text = text_of(pack.read(f"{name}.pdf"), "-layout")
        listed = rows(pack, f"{name}.csv")
        told = re.search(r"Total of (\d+)\s+(-?)€([\d,.]+)", text)
        assert told, text
        amount = cents(told[3].replace(",", "")) * (-1 if told[2] else 1)
        assert (int(told[1]), amount) == (len(listed), total(listed)), name
        assert all(row["Number"] in text for row in listed)
    statement = text_of(pack.read("statement.pdf"), "-layout")
    closing = cents(rows(pack, "statement.csv")[-1]["Balance"])
    assert re.search(rf"Closing balance\s+{'-' if closing < 0 else ''}€{abs(closing) / 100:,.2f}", statement), statement


def test_each_invoice_of_the_pack_adds_up_to_its_line(account, asker, busy_month):
    for row in rows(read_pack(account, asker), "invoices.csv"):
        assert cents(row["Net"]) + cents(row["Tax"]) == cents(row["Amount"])


def test_a_refund_stands_among_the_payments(account, asker, now):
    fund(account, 5_000, now)
    from models import Payment

    payment = db.session.scalars(select(Payment)).one()
    refund_payment(payment, amount=2_000, key="r", reason="Paid twice", actor=CLERK, now=now + ONE_DAY)
    pack = read_pack(account, asker)
    assert total(rows(pack, "payments.csv")) == 3_000
    assert len([name for name in pack.namelist() if name.startswith("payments/")]) == 1


def test_a_month_without_documents_says_so(account, asker, now):
    pack = read_pack(account, asker)
    assert rows(pack, "invoices.csv") == []
    assert "There are none in this month." in text_of(pack.read("invoices.pdf"))
    assert {cents(row["Amount"]) for row in rows(pack, "totals.csv")} == {0}


def test_texts_of_people_are_no_formulas(account, asker, now):
    give_credit(account, amount=100, reason="=1+1", actor=CLERK, now=now)
    described = [row["Description"] for row in rows(read_pack(account, asker), "statement.csv")]
    assert described
    assert not any(text.startswith("=") for text in described)


def test_a_pack_that_does_not_add_up_is_not_made(account, asker, now, monkeypatch):
    issued(account, now)
    issued(account, now)
    true_days = contents.days_of

    def without_the_first(*days):
        read = true_days(*days)
        return dataclasses.replace(read, lines=read.lines[1:])

    monkeypatch.setattr(contents, "days_of", without_the_first)
    with pytest.raises(PackNotEqual):
        contents_of(account, months_offered(account, today=JUNE.date())[0])


def test_too_many_documents_are_refused_and_said(account, asker, now, monkeypatch):
    monkeypatch.setattr(contents, "MOST_DOCUMENTS", 1)
    issued(account, now)
    issued(account, now)
    ask_for_pack(account, MAY, in_portal=True, actor=asker, now=JUNE)
    run_due_jobs(asking.JOB, now=JUNE)
    assert last_refusal(account, actor=asker).startswith("A month pack holds at most")
    assert rows_of(DeliveryLink) == 0


# --- Asking


def test_months_are_offered_from_the_first_document_to_the_last_month(account, now):
    assert [f"{month.first:%Y-%m}" for month in months_offered(account, today=JUNE.date())] == [MAY]
    issued(account, now - 70 * ONE_DAY)
    assert [f"{month.first:%Y-%m}" for month in months_offered(account, today=JUNE.date())] == [
        MAY,
        "2026-04",
        "2026-03",
    ]


def test_no_more_than_three_years_are_offered(account, now):
    issued(account, now - 5_000 * ONE_DAY)
    assert len(months_offered(account, today=JUNE.date())) == MOST_MONTHS


@pytest.mark.parametrize("month", ["2026-06", "2026-04", "2026-13", "", "May", "2026-5"])
def test_another_month_is_refused(account, asker, now, month):
    issued(account, now)
    with pytest.raises(MonthNotOffered):
        ask_for_pack(account, month, in_portal=True, actor=asker, now=JUNE)


def test_asked_twice_it_is_made_once_and_a_job_that_runs_again_makes_no_second_one(account, asker, now):
    for _time in range(2):
        ask_for_pack(account, MAY, in_portal=True, actor=asker, now=JUNE)
    assert is_at_work(account, actor=asker)
    assert run_due_jobs(asking.JOB, now=JUNE) == 1
    job = db.session.scalars(select(Job).where(Job.kind == asking.JOB)).one()
    again = making.make_pack(
        account.id, MAY, job_id=job.id, person_id=asker.person_id, in_portal=True, actor=asker, now=JUNE
    )
    assert (again, rows_of(DeliveryLink)) == (False, 1)
    assert not is_at_work(account, actor=asker)


def test_many_newer_packs_of_other_accounts_do_not_hide_the_one_under_way(account, asker, now):
    first = ask_for_pack(account, MAY, in_portal=True, actor=asker, now=JUNE)
    other = AccountFactory()
    for _time in range(25):
        payload = {"account_id": other.id, "month": MAY, "in_portal": True}
        JobFactory(kind=asking.JOB, payload=payload, requested_by_id=asker.person_id)
    assert ask_for_pack(account, MAY, in_portal=True, actor=asker, now=JUNE) == first
    assert is_at_work(account, actor=asker)


def test_the_packs_of_two_months_and_of_two_people_are_two(account, asker, now):
    issued(account, now - 30 * ONE_DAY)
    colleague = dataclasses.replace(CLERK, person_id=OwnerFactory(account=AccountFactory()).person_id)
    asked = [
        ask_for_pack(account, month, in_portal=True, actor=actor, now=JUNE)
        for month, actor in ((MAY, asker), ("2026-04", asker), (MAY, colleague), (MAY, asker))
    ]
    assert asked[3] == asked[0]
    assert len({job.id for job in asked}) == 3


def test_asking_making_and_opening_are_written_down(account, asker, now):
    read_pack(account, asker)
    events = set(db.session.scalars(select(AuditEvent.event)))
    assert events >= {"month_pack.asked", "month_pack.made", "month_pack.downloaded"}


# --- The link


def test_the_link_is_mailed_and_only_its_hash_is_kept(account, asker, now):
    read_pack(account, asker)
    mail = db.session.scalars(
        select(NotificationDelivery).where(NotificationDelivery.event == "month_pack_ready")
    ).one()
    token = re.search(r"/portal/10001/month-packs/file/(\S+)", mail.text)[1]
    link = newest_link()
    assert (mail.secret, link.sent_to) == (True, mail.address)
    assert token not in {link.token_hash, link.public_id}
    assert open_link(token, account_id=account.id, actor=asker, now=JUNE).name == "month-pack-10001-2026-05.zip"
    assert token not in {notice.body for notice in db.session.scalars(select(Notification))}


def test_each_opening_is_counted(account, asker, now):
    read_pack(account, asker)
    link = newest_link()
    db.session.refresh(link)
    assert (link.opened_count, link.last_opened_at) == (1, JUNE)


def test_the_link_ends_after_the_days_that_staff_decide(account, asker, now):
    change_setting("month_pack_days", "3", actor=CLERK, now=now)
    read_pack(account, asker)
    key = newest_link().public_id
    open_link(key, account_id=account.id, actor=asker, now=JUNE + 3 * ONE_DAY - dt.timedelta(seconds=1))
    with pytest.raises(LinkExpired):
        open_link(key, account_id=account.id, actor=asker, now=JUNE + 3 * ONE_DAY)
    assert packs_of(account, now=JUNE + 3 * ONE_DAY) == []
    assert [pack.month for pack in packs_of(account, now=JUNE)] == [MAY]


@pytest.mark.parametrize("key", ["", "nonsense", "x" * 200, "ü", "a\0b"])
def test_a_link_that_never_was_is_unknown(account, asker, key):
    with pytest.raises(LinkUnknown):
        open_link(key, account_id=account.id, actor=asker, now=JUNE)


def test_the_link_of_another_account_is_unknown_also_once_it_has_expired(account, asker, now):
    read_pack(account, asker)
    key, other = newest_link().public_id, AccountFactory()
    for at in (JUNE, JUNE + 90 * ONE_DAY):
        with pytest.raises(LinkUnknown):
            open_link(key, account_id=other.id, actor=asker, now=at)
    assert open_link(key, account_id=None, actor=CLERK, now=JUNE).content


def test_a_revoked_link_has_ended(account, asker, now):
    read_pack(account, asker)
    link = newest_link()
    link.revoked_at = JUNE
    db.session.flush()
    with pytest.raises(LinkExpired):
        open_link(link.public_id, account_id=account.id, actor=asker, now=JUNE)


def test_packs_are_taken_away_a_month_after_their_link_ended_and_invoices_stay(account, asker, now):
    issued(account, now)
    read_pack(account, asker)
    db.session.commit()
    end = newest_link().expires_at + KEPT_AFTER_EXPIRY
    assert forget_expired_packs(now=end - ONE_DAY) == 0
    assert forget_expired_packs(now=end) == 1
    assert rows_of(DeliveryLink) == 0
    assert set(db.session.scalars(select(DocumentFile.kind))) == {DocumentKind.INVOICE}
    assert rows_of(File) == 1
    assert list(stored_files.store.keys("month-packs")) == []


def test_contents_without_a_row_are_discarded_after_a_while(account, asker, now):
    read_pack(account, asker)
    stored_files.store.put("month-packs/202604/abc.zip", b"x")
    stored_files.store.put("month-packs/202606/abc.zip", b"x")
    assert discard_lost_packs(now=JUNE) == 1
    assert len(list(stored_files.store.keys("month-packs"))) == 2
