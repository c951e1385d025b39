"""The rows of one account, for proofs of access: at least one of every record, its mark in every text.

They are made from the tables and the factories, so that a new record is among them without a word here. A factory that
fails on a mark, or on rows of one account standing together, gets its exception in ``SPECIAL``.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

from factory import SubFactory
from sqlalchemy import Enum, String, Text, inspect

import models
import tests.factories
from domain.permissions import P
from extensions import Base
from models.base import AccountOwned
from tests.factories.base import RowFactory
from tests.factories.catalogue import ProductFactory
from tests.factories.people import AccountFactory, DepartmentFactory, SignInSessionFactory

OWN, BELOW, FOREIGN = "OWNMARK", "BELOWMARK", "FOREIGNMARK"
"""The account whose portal is visited, one below it as its customer, and one that has nothing to do with it."""

FOREIGN_AMOUNT = 777_777_777

SHORTEST_MARKED = 16
# Columns whose text has a meaning of its own, so that a mark would break a rule or a page.
UNMARKED = frozenset(
    {"time_zone", "language", "source", "password_hash", "content_type", "cidr", "start_page", "permission"}
)

Values = dict[str, Any]
numbers = itertools.count(1)


def owned_models() -> list[type[Any]]:
    """Every class of rows that belong to accounts."""
    mapped = (mapper.class_ for mapper in Base.registry.mappers)
    return sorted((model for model in mapped if issubclass(model, AccountOwned)), key=lambda model: model.__name__)


def _factories() -> Iterator[type[RowFactory]]:
    for module in pkgutil.iter_modules(tests.factories.__path__):
        for found in vars(importlib.import_module(f"tests.factories.{module.name}")).values():
            if isinstance(found, type) and issubclass(found, RowFactory) and not found._meta.abstract:
                yield found


def usual_factories() -> dict[type[Any], type[RowFactory]]:
    """The factory of each model: the plain one, where others are derived from it."""
    found: dict[type[Any], type[RowFactory]] = {}
    for each in _factories():
        model = each._meta.model
        if model not in found or issubclass(found[model], each):
            found[model] = each
    return found


class Side:
    """The rows of one account, made one factory after the other, each with what it needs of the same account."""

    def __init__(self, mark: str, **account: Any) -> None:
        self.mark = mark
        self.factories = usual_factories()
        self.account = AccountFactory(**{**self.marked(models.Account), "country": "US", **account})
        self.rows: dict[type[RowFactory], Any] = {AccountFactory: self.account}

    def row(self, factory: type[RowFactory]) -> Any:
        """The row of this factory, made at its first mention."""
        if factory not in self.rows:
            self.rows[factory] = self.another(factory)
        return self.rows[factory]

    def of(self, model: type[Any]) -> Any:
        return self.row(self.factories[model])

    def another(self, factory: type[RowFactory], **values: Any) -> Any:
        """One more row. What it refers to are the account's rows; a second reference to the same gets one of its own."""
        model, used = factory._meta.model, set()
        declared = factory._meta.pre_declarations.as_dict()
        given: Values = self.marked(model)
        for name, declaration in declared.items():
            if name in values or not isinstance(declaration, SubFactory):
                continue
            needed = declaration.get_factory()
            alone = needed in used or needed._meta.model is models.Person  # one person, one seat
            given[name] = self.another(needed) if alone else self.row(needed)
            used.add(needed)
        if issubclass(model, AccountOwned) and "account" not in given:
            given["account_id"] = self.account.id
        given |= SPECIAL.get(model, _nothing)(self)
        return factory(**{**given, **values})

    def marked(self, model: type[Any]) -> Values:
        """The mark for every text of a row, all different, all unique."""
        number = next(numbers)
        return {
            attribute.key: self._text(attribute.columns[0], number)
            for attribute in inspect(model).column_attrs
            if _takes_a_mark(attribute.columns[0])
        }

    def _text(self, column: Any, number: int) -> str:
        text, length = f"{self.mark}{number:0{SHORTEST_MARKED - len(self.mark)}d}", column.type.length or 255
        if "email" in column.name:
            return f"{text}-{column.name}@people.example".lower()
        if length == 64 and ("hash" in column.name or "sha" in column.name):
            return text.ljust(64, "0")
        return f"{text}-{column.name}"[:length]


def _takes_a_mark(column: Any) -> bool:
    kind = column.type
    if not isinstance(kind, String | Text) or isinstance(kind, Enum) or column.foreign_keys or column.name in UNMARKED:
        return False
    return (kind.length or 255) >= SHORTEST_MARKED


def _nothing(side: Side) -> Values:
    return {}


def _hidden_from_accounts(**values: Any) -> Callable[[Side], Values]:
    """Records of nobody that every account may see: those of other accounts are ones that none may see."""
    return lambda side: values if side.mark != OWN else {}


def _much_for_strangers(*names: str) -> Callable[[Side], Values]:
    return lambda side: dict.fromkeys(names, FOREIGN_AMOUNT) if side.mark == FOREIGN else {}


def _without(*names: str) -> Callable[[Side], Values]:
    """Columns that may hold a text only together with something else."""
    return lambda _side: dict.fromkeys(names)


def _refers_to(**models_of: type[Any]) -> Callable[[Side], Values]:
    """References that the factory leaves empty."""
    return lambda side: {name: side.of(model) for name, model in models_of.items()}


def _told_to_every_seat(_side: Side) -> Values:
    """What is told to one person is seen by that person alone (tests/views/test_notices.py)."""
    return {"person": None, "permission": P.NOTIFICATIONS_READ.value}


def _on_a_session_of_its_own(side: Side) -> Values:
    """One session of the staff is logged in as one member at a time."""
    return {"sign_in_session": side.another(SignInSessionFactory)}


def _closed(_side: Side) -> Values:
    """An account has one open change of ownership, and a test may ask for many rows."""
    return {"status": models.OwnershipChangeStatus.WITHDRAWN}


def _of_a_product_of_its_own(side: Side) -> Values:
    """A product is counted by one edition; others are left to be chosen in the forms of a test."""
    for _spare in range(8):
        side.another(ProductFactory, kind=models.ProductKind.EDITION)
    return {"product": side.another(ProductFactory, kind=models.ProductKind.EDITION)}


def _of_a_department_of_its_own(side: Side) -> Values:
    """A department promises each priority one thing."""
    return {"department": side.another(DepartmentFactory)}


def _told(side: Side) -> Values:
    told = {"before": {"reference": f"{side.mark} before"}, "after": {"reference": f"{side.mark} after"}}
    return {"event": "license.hardware_lock_reset", **told}


def _owed(side: Side) -> Values:
    much = {"net_total": FOREIGN_AMOUNT} if side.mark == FOREIGN else {}
    return {"subscription": side.of(models.Subscription), **much}


def _of_another_ticket(side: Side) -> Values:
    """That of its own ticket is written with the message."""
    return {"ticket": side.another(side.factories[models.Ticket])}


SPECIAL: dict[type[Any], Callable[[Side], Values]] = {
    models.Notification: _told_to_every_seat,
    models.NotificationDelivery: lambda _side: {"document_kind": models.DocumentKind.INVOICE},
    models.Release: _hidden_from_accounts(is_published=False),
    models.ResourceArticle: _hidden_from_accounts(is_published=False),
    models.TicketType: _hidden_from_accounts(internal=True),
    models.Project: _hidden_from_accounts(retired=True),
    models.Edition: _of_a_product_of_its_own,
    models.LoginAsSession: _on_a_session_of_its_own,
    models.OwnershipChange: _closed,
    models.Interest: _hidden_from_accounts(retired=True),
    models.Invoice: _owed,
    models.LedgerAccount: _much_for_strangers("balance"),
    models.SlaPolicy: _of_a_department_of_its_own,
    models.AuditEvent: _told,
    models.TicketText: _of_another_ticket,
    models.Subscription: _refers_to(license=models.License),
    models.Ticket: _refers_to(project=models.Project, assignee=models.StaffMember),
    models.ItemTransfer: _without("undone_by"),
    models.TicketParticipant: _without("email"),
}


def values_of(row: Any) -> Values:
    """The columns of a row, as plain values."""
    return {attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}
