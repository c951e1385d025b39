"""What lies in a month pack: the statement, and lists of its documents, each as PDF and CSV with the same totals.

The lines of the statement are the one source: each list holds the lines of its kinds, with what its documents say.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.money import minor_to_text
from domain.periods import Period
from domain.refusals import Refusal
from domain.sentences import Sentence
from domain.sheets import harmless
from extensions import db
from models.account import Account
from models.credit_note import CreditNote
from models.document_file import DocumentKind
from models.invoice import Invoice
from models.payment import Payment
from models.statement_line import StatementKind, StatementLine
from services.account_languages import language_of_account
from services.catalogs import Catalog
from services.documents import is_issued
from services.invoices import billing_of
from services.papers import Paper, choice_text, day_text, facts, money_text, paper_frame, total
from services.statement_days import StatementDays, days_of, kept_balance_at_end_of
from services.statement_papers import statement_paper

BYTE_ORDER_MARK: Final = "\ufeff"  # without it Excel takes UTF-8 for something older
MOST_DOCUMENTS: Final = 2_000


class PackTooLarge(Refusal):
    message = Sentence(
        "A month pack holds at most %(most_documents)s documents. Download the lists of this month instead.",
        most_documents=MOST_DOCUMENTS,
    )


class PackNotEqual(RuntimeError):
    """The statement does not add up to the balance that is kept: a mistake of the program's, so no pack is made."""


@dataclass(frozen=True, slots=True)
class Section:
    """A list of the pack. ``kinds`` are the statement's; ``document``: each of these has a PDF of its own."""

    name: str
    title: str
    kinds: frozenset[StatementKind]
    document: DocumentKind
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as it is written: its lines, and the same as rows of texts, whose last cell is the amount."""

    section: Section
    lines: list[StatementLine]
    rows: list[tuple[str, ...]]

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a pack is made of, as it stood when it was read."""

    account: Account
    statement: StatementDays
    lists: tuple[Listed, ...]
    documents: tuple[tuple[Section, str], ...]  # (section, number) of each PDF

    @property
    def others(self) -> int:
        """Credit given or taken back, and balances that were brought along: they stand on the statement only."""
        return self.statement.moved - sum(each.total for each in self.lists)


SECTIONS: Final = (
    Section(
        "invoices",
        "Invoices",
        frozenset({StatementKind.INVOICE, StatementKind.INVOICE_VOIDED}),
        DocumentKind.INVOICE,
        ("Number", "Booked on", "What", "Due on", "Net", "Tax", "Amount"),
    ),
    Section(
        "credit-notes",
        "Credit notes",
        frozenset({StatementKind.CREDIT_NOTE}),
        DocumentKind.CREDIT_NOTE,
        ("Number", "Booked on", "Reason", "Net", "Tax", "Amount"),
    ),
    Section(
        "payments",
        "Payments and refunds",
        frozenset({StatementKind.PAYMENT, StatementKind.REFUND}),
        DocumentKind.RECEIPT,
        ("Number", "Booked on", "What", "Method", "Reference", "Amount"),
    ),
)
TOTAL_TITLES: Final = ("What", "Rows", "Amount", "Currency")
STATEMENT_TITLES: Final = ("Booked on", "What", "Document", "Description", "Amount", "Balance")


def contents_of(account: Account, month: Period) -> Contents:
    """Read a month. Refused: StatementTooLong, PackTooLarge."""
    statement, speaker = days_of(account, month.first, month.last), language_of_account(account.id)
    lists, documents = [], list[tuple[Section, str]]()
    for section in SECTIONS:
        own = [line for line in statement.lines if line.kind in section.kinds]
        rows_by_number = _rows(section, [line.document_number or "" for line in own])
        lists.append(
            Listed(
                section,
                own,
                [_cells(section, line, rows_by_number.get(line.document_number or ""), speaker) for line in own],
            )
        )
        documents += [(section, number) for number, row in rows_by_number.items() if is_issued(row)]
    if len(documents) > MOST_DOCUMENTS:
        raise PackTooLarge
    if statement.closing != kept_balance_at_end_of(account, month.last):
        raise PackNotEqual(f"the statement of account {account.client_id} does not add up")
    return Contents(account, statement, tuple(lists), tuple(documents))


def sheets(contents: Contents) -> Iterator[tuple[str, bytes]]:
    """Every CSV with its name, in the account's language, days and amounts as programs read them.

    Amounts are signed as on the statement: what is owed is negative.
    """
    currency, statement = contents.account.currency, contents.statement
    speaker = language_of_account(contents.account.id)
    yield (
        "statement.csv",
        _csv(
            [speaker.say(title) for title in STATEMENT_TITLES],
            [
                (
                    line.booked_on.isoformat(),
                    choice_text(line.kind, speaker),
                    line.document_number or "",
                    line.description,
                    minor_to_text(line.amount, currency),
                    minor_to_text(balance, currency),
                )
                for line, balance in zip(statement.lines, statement.balances, strict=True)
            ],
        ),
    )
    for listed in contents.lists:
        yield f"{listed.section.name}.csv", _csv([speaker.say(title) for title in listed.section.titles], listed.rows)
    yield "totals.csv", _csv([speaker.say(title) for title in TOTAL_TITLES], _totals(contents, speaker))


def papers(contents: Contents) -> Iterator[tuple[str, Paper]]:
    """Every list as a paper with its name; the documents themselves come from services/documents.py."""
    yield "statement.pdf", statement_paper(contents.account, contents.statement)
    for listed in contents.lists:
        yield f"{listed.section.name}.pdf", _paper(contents, listed)


def _paper(contents: Contents, listed: Listed) -> Paper:
    account, days, section = contents.account, contents.statement, listed.section
    currency, speaker = account.currency, language_of_account(account.id)
    many = Sentence("Total of %(count)s", count=len(listed.rows))
    return {
        **paper_frame(billing_of(account), section.title, account.client_id, days.last, speaker),
        "facts": facts(speaker, ("From", day_text(days.first, speaker)), ("To", day_text(days.last, speaker))),
        "columns": [speaker.say(name) for name in ("Document", "Amount")],
        "rows": [
            {
                "what": f"{day_text(line.booked_on, speaker)}: {_named(row)}",
                "why": "",
                "cells": [money_text(line.amount, currency, speaker)],
                "running": "",
            }
            for line, row in zip(listed.lines, listed.rows, strict=True)
        ],
        "running": False,
        "totals": [total(many, listed.total, currency, speaker, strong=True)],
        "notes": [] if listed.rows else [speaker.say("There are none in this month.")],
    }


def _named(row: tuple[str, ...]) -> str:
    """What a row is about, with its number unless the words have it."""
    return row[2] if row[0] in row[2] else f"{row[0]} · {row[2]}"


def _totals(contents: Contents, speaker: Catalog) -> list[tuple[str, ...]]:
    """Opening balance, what moved it, closing balance: they add up."""
    currency, statement = contents.account.currency, contents.statement
    number = sum(len(each.rows) for each in contents.lists)
    rows = [("Opening balance", "", statement.opening)]
    rows += [(each.section.title, str(len(each.rows)), each.total) for each in contents.lists]
    rows += [("Credits and balances brought along", str(len(statement.lines) - number), contents.others)]
    rows += [("Closing balance", "", statement.closing)]
    return [(speaker.say(what), many, minor_to_text(amount, currency), currency) for what, many, amount in rows]


def _rows(section: Section, numbers: list[str]) -> Mapping[str, Any]:
    """The documents of these numbers, by number, in the order of their numbers."""
    model: Any = {
        DocumentKind.INVOICE: Invoice,
        DocumentKind.CREDIT_NOTE: CreditNote,
        DocumentKind.RECEIPT: Payment,
    }[section.document]
    found: dict[str, Any] = {}
    for start in range(0, len(numbers), 500):
        some = select(model).where(model.number.in_(numbers[start : start + 500])).order_by(model.number)
        found |= {row.number: row for row in db.session.scalars(some)}
    return found


def _cells(section: Section, line: StatementLine, row: Any, speaker: Catalog) -> tuple[str, ...]:
    """A row of a list. Only a document's own line tells its net and tax; a refund's tells its payment by words."""
    amount = minor_to_text(line.amount, line.currency)
    begin = (line.document_number or "", line.booked_on.isoformat())
    if section.document is DocumentKind.INVOICE:
        sign = 1 if line.kind is StatementKind.INVOICE_VOIDED else -1
        due = row.due_on.isoformat() if row is not None and row.due_on else ""
        what = speaker.say("Voided" if sign > 0 else "Issued")
        return (*begin, what, due, *_parts(row, sign, line.currency), amount)
    if section.document is DocumentKind.CREDIT_NOTE:
        reason = choice_text(row.reason, speaker) if row is not None else ""
        return (*begin, reason, *_parts(row, 1, line.currency), amount)
    if row is None:
        return (*begin, line.description, "", "", amount)
    return (*begin, line.description, choice_text(row.method, speaker), row.reference or "", amount)


def _parts(row: Any, sign: int, currency: str) -> tuple[str, str]:
    if row is None:
        return "", ""
    return minor_to_text(sign * row.net_total, currency), minor_to_text(sign * row.tax_total, currency)


def _csv(titles: Sequence[str], rows: Sequence[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(titles)
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return (BYTE_ORDER_MARK + out.getvalue()).encode()
