"""Files whose rows belong to an account: how they name it, and what is the same for all of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import or_, select

from extensions import db
from models.account import Account, AccountStatus
from services.imports.cells import text
from services.imports.columns import Column
from services.imports.kind import ImportKind, Plan, refuse_differences
from services.imports.problems import Problem

OWNER_COLUMNS: Final = (
    Column("client_id", text(20), "The account, by its client ID. Fill in this or `account_ref`."),
    Column("account_ref", text(64), "The account, by the `external_ref` it was imported with."),
)


class OwnedRow(Protocol):
    """What every row of such a file has."""

    @property
    def line(self) -> int: ...
    @property
    def external_ref(self) -> str: ...
    @property
    def client_id(self) -> str | None: ...
    @property
    def account_ref(self) -> str | None: ...


R = TypeVar("R", bound=OwnedRow)


@dataclass(frozen=True, slots=True)
class Owned(Generic[R]):
    """A new row with its account, and the rows it refers to by their columns."""

    row: R
    account: Account
    refers: dict[str, Any]


class OwnedImport(ImportKind[R, Owned[R]]):
    """An import of rows that belong to accounts. ``external_ref`` is unique within an account."""

    noun: str  # of one record, for messages

    def faults(self, row: R) -> Iterator[Problem]:
        if bool(row.client_id) == bool(row.account_ref):
            yield Problem(row.line, "client_id", "name the account by exactly one of client_id and account_ref.")

    def plan(self, rows: Sequence[R]) -> Plan[Owned[R]]:
        plan = Plan[Owned[R]]()
        found = list(_with_accounts(rows, plan))
        there = self.there({account.id for _, account in found}, {row.external_ref for row, _ in found})
        self.look_up(found)
        for row, account in found:
            before = len(plan.problems)
            refers = dict(self.refers(row, account, plan))
            if len(plan.problems) > before:
                continue
            here = there.get((account.id, row.external_ref))
            if here is None:
                self.check_new(row, account, plan)
                if len(plan.problems) == before:
                    plan.new.append(Owned(row, account, refers))
            else:
                refuse_differences(plan, row.line, here, self.wanted(row, refers), f"{self.noun} {row.external_ref}")
        return plan

    def line_of(self, new: Owned[R]) -> int:
        return new.row.line

    def identities(self, new: Owned[R]) -> Iterator[tuple[str, Hashable]]:
        yield "external_ref", (new.account.id, new.row.external_ref)

    @abstractmethod
    def there(self, account_ids: Iterable[int], refs: Iterable[str]) -> dict[tuple[int, str], dict[str, Any]]:
        """What is here already, by account and external_ref, each as the columns of the file with their values."""

    @abstractmethod
    def wanted(self, row: R, refers: dict[str, Any]) -> dict[str, Any]:
        """What the file says of a row that is here already; None is not compared."""

    def look_up(self, rows: Sequence[tuple[R, Account]]) -> None:
        """Read in few statements what `refers` and `check_new` need of these rows."""

    def refers(self, row: R, account: Account, plan: Plan[Owned[R]]) -> Iterator[tuple[str, Any]]:
        """The records a row refers to, by their columns; what is not found is refused in the plan."""
        yield from ()

    def check_new(self, row: R, account: Account, plan: Plan[Owned[R]]) -> None:
        """Refuse in the plan what a new row may not be."""


def refuse_other_currency(line: int, currency: str, account: Account, plan: Plan[Any]) -> None:
    """An account has one currency, for ever."""
    if currency != account.currency:
        plan.refuse(line, "currency", f"account {account.client_id} is kept in {account.currency}, not in {currency}.")


def _with_accounts(rows: Sequence[R], plan: Plan[Any]) -> Iterator[tuple[R, Account]]:
    client_ids = {row.client_id for row in rows if row.client_id}
    refs = {row.account_ref for row in rows if row.account_ref}
    found = db.session.scalars(
        select(Account).where(or_(Account.client_id.in_(client_ids), Account.external_ref.in_(refs)))
    ).all()
    for row in rows:
        column, name = ("client_id", row.client_id) if row.client_id else ("account_ref", row.account_ref)
        field = "client_id" if row.client_id else "external_ref"
        fitting = [account for account in found if getattr(account, field) == name]
        if len(fitting) > 1:
            plan.refuse(row.line, column, f"“{name}” stands for several accounts of different sources. Use client_id.")
        elif not fitting:
            plan.refuse(row.line, column, f"there is no account “{name}”. Import the accounts first.")
        elif fitting[0].status is AccountStatus.DELETED:
            plan.refuse(row.line, column, f"account “{name}” is deleted.")
        else:
            yield row, fitting[0]
