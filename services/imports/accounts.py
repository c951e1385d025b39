"""Accounts from a CSV file: companies with their contact and billing data, and the reseller above them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import and_, or_, select

from domain.actor import Actor
from domain.contact import check_time_zone, normalise_email
from extensions import db
from models.account import Account, AccountStatus, PaymentMode, PreferredPaymentMethod, PricingModel, SuspensionCause
from services.accounts import LONGEST_NAME, SHORTEST_NAME
from services.imports.cells import choice, currency, day, rule, text, vat_id, yes_or_no
from services.imports.columns import Column
from services.imports.kind import ImportKind, Plan, refuse_differences
from services.imports.opening import write_accounts
from services.imports.problems import Problem
from services.vat import check_country

SOURCE: Final = "csv"

_EMAIL: Final = rule(normalise_email)
_COUNTRY: Final = rule(check_country)

COLUMNS: Final = (
    Column("external_ref", text(64), "Its number in the older system, unique within the source.", filled=True),
    Column("source", text(32), "The older system, when there are several. Blank: `csv`.", default=SOURCE),
    Column("client_id", text(20), "Keeps the client ID that people know. Blank: the next of ours."),
    Column("name", text(LONGEST_NAME, SHORTEST_NAME), "Name of the organisation.", filled=True),
    Column("country", _COUNTRY, "Two letters. Decides tax.", filled=True),
    Column("region", text(64), "State or province."),
    Column("currency", currency(), "Three letters. Never changed afterwards.", filled=True),
    Column("status", choice(AccountStatus, AccountStatus.SUSPENDED_FOR_DELETION, AccountStatus.DELETED),
           "`active` (when blank) or `suspended`."),
    Column("time_zone", rule(check_time_zone), "Like `Europe/Berlin`. Blank: `UTC`."),
    Column("pricing_model", choice(PricingModel), "`license` (when blank) or `app`. Never changed afterwards."),
    Column("payment_mode", choice(PaymentMode), "`prepaid` (when blank) or `postpaid`."),
    Column("preferred_payment_method", choice(PreferredPaymentMethod), "How the customer likes to pay."),
    Column("parent", text(64), "The reseller above: client ID or `external_ref` (of the same source) of an account that"
           " is here, or stands further up in the file."),
    Column("contact_name", text(255), "Whom to ask for."),
    Column("contact_email", _EMAIL, "The company's address."),
    Column("contact_phone", text(32), "The company's number."),
    Column("website", text(255), "The company's site."),
    Column("registration_number", text(40), "Number in the commercial register."),
    Column("billing_name", text(255), "Who is billed. Blank: the name."),
    Column("billing_email", _EMAIL, "Where bills go. Blank: `contact_email`."),
    Column("billing_line1", text(255), "Billing address."),
    Column("billing_line2", text(255), "Billing address."),
    Column("billing_city", text(120), "Billing address."),
    Column("billing_region", text(64), "Billing address."),
    Column("billing_postal_code", text(20), "Billing address."),
    Column("billing_country", _COUNTRY, "Billing address. Blank: `country`."),
    Column("vat_id", vat_id(), "Checked for the form of its country."),
    Column("tax_exempt", yes_or_no(), "`yes` or `no` (when blank)."),
    Column("tax_exempt_reason", text(255), "Why, when it is exempt."),
    Column("customer_ref", text(64), "Reference tag CustomerRef."),
    Column("billing_ref", text(64), "Reference tag BillingRef."),
    Column("type_ref", text(64), "Reference tag TypeRef."),
    Column("transfers_allowed", yes_or_no(), "May move items between licenses."),
    Column("branding_enabled", yes_or_no(), "May give the client app a name."),
    Column("support_contract_until", day(), "The last day of the support contract."),
)  # fmt: skip

# What stands in a blank cell of a new account; elsewhere nothing does.
_WHEN_BLANK: Final = MappingProxyType(
    {
        "status": AccountStatus.ACTIVE,
        "time_zone": "UTC",
        "pricing_model": PricingModel.LICENSE,
        "payment_mode": PaymentMode.PREPAID,
        "tax_exempt": False,
        "transfers_allowed": False,
        "branding_enabled": False,
    }
)
# Columns of the file that the table does not have by this name.
_OTHER: Final = frozenset({"source", "parent"})


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. ``values`` are the columns that its table has too, None where the cell is blank."""

    line: int
    source: str
    external_ref: str
    parent: str | None
    values: dict[str, Any]

    @property
    def client_id(self) -> str | None:
        client_id: str | None = self.values["client_id"]
        return client_id


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be written. Its parent is here already, or comes with the same rows."""

    row: AccountRow
    parent: Account | None


class AccountImport(ImportKind[AccountRow, NewAccount]):
    """Accounts, which everything else refers to: import them first."""

    name = "accounts"
    about = "Companies that are customers. Their people come with the members file."
    columns = COLUMNS

    def __init__(self, *, now: dt.datetime) -> None:
        super().__init__(now=now)
        self._seen: set[tuple[str, str]] = set()
        self._client_ids: set[str] = set()  # those that the file brings

    def remember(self, checked: ImportKind[AccountRow, NewAccount]) -> None:
        if isinstance(checked, AccountImport):
            self._client_ids = checked._client_ids

    def row(self, line: int, values: dict[str, Any]) -> AccountRow:
        own = {name: value for name, value in values.items() if name not in _OTHER}
        return AccountRow(line, values["source"], values["external_ref"], values["parent"], own)

    def faults(self, row: AccountRow) -> Iterator[Problem]:
        if row.parent and row.parent in (row.external_ref, row.client_id):
            yield Problem(row.line, "parent", "an account cannot stand below itself.")

    def plan(self, rows: Sequence[AccountRow]) -> Plan[NewAccount]:
        plan, book = Plan[NewAccount](), _Book.of(rows)
        for row in rows:
            account = book.by_ref.get((row.source, row.external_ref))
            parent = book.find(row.source, row.parent)
            if parent is None and row.parent and (row.source, row.parent) not in self._seen:
                words = "there is no such account here, nor further up in the file."
                plan.refuse(row.line, "parent", f"“{row.parent}”: {words}")
            elif account is not None:
                here = {**_kept(account), "parent": account.parent_account_id}
                wanted = {**row.values, "parent": parent.id if parent else None}
                refuse_differences(plan, row.line, here, wanted, f"account {row.external_ref}")
            elif row.client_id in book.by_client_id:
                plan.refuse(row.line, "client_id", "another account has this client ID. Enter another, or none.")
            else:
                plan.new.append(NewAccount(row, parent))
            if row.client_id:
                self._client_ids.add(row.client_id)
            self._seen |= {(row.source, known) for known in (row.external_ref, row.client_id) if known}
        return plan

    def line_of(self, new: NewAccount) -> int:
        return new.row.line

    def identities(self, new: NewAccount) -> Iterator[tuple[str, Hashable]]:
        yield "external_ref", (new.row.source, new.row.external_ref)
        if new.row.client_id:
            yield "client_id", new.row.client_id

    def write(self, new: Sequence[NewAccount], *, actor: Actor) -> Counter[str]:
        accounts = [_account(each.row, self.now) for each in new]
        parents: dict[int, Account] = {}
        written: dict[tuple[str, str], Account] = {}
        for place, (each, account) in enumerate(zip(new, accounts, strict=True)):
            if each.row.parent:
                parents[place] = each.parent or written[each.row.source, each.row.parent]
            names = (each.row.external_ref, each.row.client_id)
            written |= {(each.row.source, name): account for name in names if name}
        write_accounts(accounts, actor=actor, now=self.now, parents=parents, reserved=self._client_ids)
        return Counter(accounts=len(accounts))


@dataclass(frozen=True, slots=True)
class _Book:
    """The accounts here that some rows are, or refer to."""

    by_ref: dict[tuple[str, str], Account]
    by_client_id: dict[str, Account]

    @classmethod
    def of(cls, rows: Sequence[AccountRow]) -> _Book:
        names = {name for row in rows for name in (row.external_ref, row.client_id, row.parent) if name}
        sources = {row.source for row in rows}
        found = db.session.scalars(
            select(Account).where(
                or_(
                    Account.client_id.in_(names),
                    and_(Account.imported_from.in_(sources), Account.external_ref.in_(names)),
                )
            )
        ).all()
        return cls(
            {(each.imported_from or "", each.external_ref or ""): each for each in found},
            {each.client_id: each for each in found},
        )

    def find(self, source: str, name: str | None) -> Account | None:
        """The account with this client ID or, of the same source, this external_ref."""
        return (self.by_client_id.get(name) or self.by_ref.get((source, name))) if name else None


def _kept(account: Account) -> dict[str, Any]:
    return {column.name: getattr(account, column.name) for column in COLUMNS if column.name not in _OTHER}


def _account(row: AccountRow, now: dt.datetime) -> Account:
    values = {name: _WHEN_BLANK.get(name) if value is None else value for name, value in row.values.items()}
    values["billing_name"] = values["billing_name"] or values["name"]
    values["billing_email"] = values["billing_email"] or values["contact_email"]
    suspended = values["status"] is AccountStatus.SUSPENDED
    return Account(
        **values,
        suspended_at=now if suspended else None,
        suspension_cause=SuspensionCause.STAFF if suspended else None,
        imported_from=row.source,
        created_at=now,
    )
