"""Invoices, their numbers, and what they write into the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import postings
from domain.invoices import PAYABLE_STATUSES, InvoiceOverpaid, InvoiceStatus, amount_due, is_overdue, status_of
from domain.numbering import format_number, is_provisional, missing_counters, provisional_number
from domain.postings import CUSTOMER_LEDGER_KINDS, LedgerAccountKind, Transfer, balances_of

FUNDS, RECEIVABLE, BANK = LedgerAccountKind.FUNDS, LedgerAccountKind.RECEIVABLE, LedgerAccountKind.BANK
REVENUE, TAX, REFUNDS = LedgerAccountKind.REVENUE, LedgerAccountKind.TAX, LedgerAccountKind.REFUNDS
amounts = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("paid", "credited", "status", "due"),
    [
        (0, 0, "unpaid", 1000),
        (1, 0, "partially_paid", 999),
        (999, 0, "partially_paid", 1),
        (1000, 0, "paid", 0),
        (0, 400, "unpaid", 600),
        (600, 400, "paid", 0),
        (0, 1000, "paid", 0),
        (100, 400, "partially_paid", 500),
    ],
)
def test_the_status_follows_from_the_amounts(paid: int, credited: int, status: str, due: int) -> None:
    assert status_of(total=1000, paid=paid, credited=credited) == status
    assert amount_due(total=1000, paid=paid, credited=credited) == due


def test_an_invoice_over_nothing_is_paid() -> None:
    assert status_of(total=0, paid=0, credited=0) is InvoiceStatus.PAID


def test_more_than_the_total_is_never_stored() -> None:
    with pytest.raises(InvoiceOverpaid):
        status_of(total=1000, paid=600, credited=401)
    with pytest.raises(ValueError, match="negative"):
        amount_due(total=1000, paid=-1, credited=0)


@pytest.mark.parametrize("status", InvoiceStatus)
def test_only_what_is_owed_is_overdue_and_only_after_the_day(status: InvoiceStatus) -> None:
    due_on = dt.date(2026, 5, 15)
    owed = status in {InvoiceStatus.UNPAID, InvoiceStatus.PARTIALLY_PAID}
    assert (status in PAYABLE_STATUSES) is owed
    assert is_overdue(due_on, status, dt.date(2026, 5, 16)) is owed
    assert is_overdue(due_on, status, due_on) is False
    assert is_overdue(None, status, due_on) is False


def test_a_number_is_series_year_and_counter() -> None:
    assert format_number("INV", 1, year=2026) == "INV-2026-0001"
    assert format_number("INV", 10_000, year=2026) == "INV-2026-10000"
    assert format_number("CN", 7, digits=6) == "CN-000007"
    assert format_number("", 10_001, digits=1) == "10001"


@given(st.sets(st.tuples(st.integers(2000, 2100), st.integers(1, 10**7)), max_size=20), st.integers(1, 8))
def test_two_documents_of_a_series_never_look_alike(documents: set[tuple[int, int]], digits: int) -> None:
    numbers = {format_number("INV", counter, year=year, digits=digits) for year, counter in documents}
    assert len(numbers) == len(documents)


def test_a_series_counts_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        format_number("INV", 0, year=2026)


def test_a_draft_carries_a_provisional_number() -> None:
    assert provisional_number("k3m9") == "DRAFT-k3m9"
    assert is_provisional("DRAFT-k3m9")
    assert not is_provisional("INV-2026-0001")
    with pytest.raises(ValueError, match="public id"):
        provisional_number("")


def test_gaps_of_a_series_are_found() -> None:
    assert missing_counters([]) == []
    assert missing_counters([3, 1, 2]) == []
    assert missing_counters([5, 2, 2]) == [1, 3, 4]


def test_an_issued_invoice_is_owed_earned_and_taxed() -> None:
    assert postings.invoice_issued(10_000, 1_900) == [
        Transfer(RECEIVABLE, REVENUE, 10_000),
        Transfer(RECEIVABLE, TAX, 1_900),
    ]


def test_an_invoice_without_tax_makes_no_empty_transfer() -> None:
    assert postings.invoice_issued(10_000, 0) == [Transfer(RECEIVABLE, REVENUE, 10_000)]


def test_a_payment_becomes_funds_and_funds_pay_the_invoice() -> None:
    story = [
        *postings.invoice_issued(10_000, 1_900),
        *postings.payment_received(11_900, fee=300),
        *postings.funds_applied(11_900),
    ]
    balances = balances_of(story)
    assert (balances[RECEIVABLE], balances[FUNDS], balances[BANK]) == (0, 0, -11_600)
    assert balances[LedgerAccountKind.FEES] == -300


def test_a_voided_invoice_leaves_nothing_behind() -> None:
    story = [*postings.invoice_issued(10_000, 1_900), *postings.invoice_voided(10_000, 1_900)]
    assert set(balances_of(story).values()) == {0}


def test_a_credit_note_first_lowers_the_debt_and_the_rest_becomes_funds() -> None:
    unpaid = balances_of([*postings.invoice_issued(1000, 190), *postings.credit_note_issued(100, 19, open_amount=1190)])
    assert (unpaid[RECEIVABLE], unpaid.get(FUNDS, 0)) == (-1071, 0)
    paid = balances_of(
        [
            *postings.invoice_issued(1000, 190),
            *postings.payment_received(1190),
            *postings.funds_applied(1190),
            *postings.credit_note_issued(100, 19, open_amount=0),
        ]
    )
    assert (paid[RECEIVABLE], paid[FUNDS], paid[REVENUE], paid[TAX]) == (0, 119, 900, 171)


def test_a_refund_is_set_aside_before_it_is_sent_and_comes_back_when_it_fails() -> None:
    started = [*postings.payment_received(500), *postings.refund_started(500)]
    assert balances_of(started)[FUNDS] == 0
    assert balances_of([*started, *postings.refund_settled(500)]) == {BANK: 0, FUNDS: 0, REFUNDS: 0}
    assert balances_of([*started, *postings.refund_failed(500)])[FUNDS] == 500


def test_an_allocation_taken_back_is_funds_again() -> None:
    assert balances_of([*postings.funds_applied(70), *postings.funds_released(70)]) == {FUNDS: 0, RECEIVABLE: 0}


def test_credit_given_can_be_taken_back() -> None:
    assert set(balances_of([*postings.credit_given(70), *postings.credit_taken_back(70)]).values()) == {0}


def test_a_debt_let_go_is_at_the_expense_of_the_house() -> None:
    story = balances_of([*postings.invoice_issued(70, 0), *postings.debt_written_off(70)])
    assert (story[RECEIVABLE], story[LedgerAccountKind.WRITE_OFF]) == (0, -70)


@pytest.mark.parametrize(("brought", "kind"), [(500, FUNDS), (-500, RECEIVABLE)])
def test_a_balance_brought_along_is_funds_or_debt(brought: int, kind: LedgerAccountKind) -> None:
    assert balances_of(postings.balance_brought(brought))[kind] == brought
    assert postings.balance_brought(0) == []


ONE_AMOUNT: list[Callable[[int], list[Transfer]]] = [
    postings.payment_received,
    postings.funds_applied,
    postings.funds_released,
    postings.refund_started,
    postings.refund_settled,
    postings.refund_failed,
    postings.credit_given,
    postings.credit_taken_back,
    postings.debt_written_off,
    postings.balance_brought,
]
TWO_AMOUNTS: list[Callable[[int, int], list[Transfer]]] = [
    postings.invoice_issued,
    postings.invoice_voided,
    lambda amount, fee: postings.payment_received(amount, fee=fee),
    lambda net, tax: postings.credit_note_issued(net, tax, open_amount=tax),
    lambda more, less: postings.balance_brought(less - more),
]

events = st.builds(lambda event, amount: event(amount), st.sampled_from(ONE_AMOUNT), amounts) | st.builds(
    lambda event, first, second: event(first, second), st.sampled_from(TWO_AMOUNTS), amounts, amounts
)


@given(st.lists(events, max_size=12))
def test_whatever_happens_the_ledger_sums_to_zero(story: list[list[Transfer]]) -> None:
    transfers = [transfer for event in story for transfer in event]
    assert sum(balances_of(transfers).values()) == 0
    assert all(transfer.amount > 0 for transfer in transfers)


@given(amounts, amounts, st.data())
def test_a_credit_note_moves_exactly_its_total_to_the_customer(net: int, tax: int, data: st.DataObject) -> None:
    open_amount = data.draw(amounts)
    balances = balances_of(postings.credit_note_issued(net, tax, open_amount=open_amount))
    assert sum(balances.get(kind, 0) for kind in CUSTOMER_LEDGER_KINDS) == net + tax
    assert balances.get(RECEIVABLE, 0) == min(net + tax, open_amount)


def test_a_transfer_moves_something_between_two_pots() -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        Transfer(FUNDS, BANK, 0)
    with pytest.raises(ValueError, match="two ends"):
        Transfer(FUNDS, FUNDS, 1)
    with pytest.raises(ValueError, match="negative"):
        postings.invoice_issued(-1, 0)
    with pytest.raises(ValueError, match="open amount"):
        postings.credit_note_issued(1, 0, open_amount=-1)
