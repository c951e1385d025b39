"""What holds for every table: factories, keys, indexes, and predicates that mean the same in Python and SQL."""

from __future__ import annotations

import importlib
import inspect as python_inspect
import itertools
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint, inspect, select
from sqlalchemy.ext.hybrid import HybridExtensionType

import tests.factories
from domain.permissions import StaffRole
from extensions import Base
from models import (
    AccountStatus,
    AuditEvent,
    ChatStatus,
    DataRequestKind,
    DataRequestStatus,
    DeliveryState,
    InboundOutcome,
    JobState,
    MemberStatus,
    PaymentMode,
    StaffStatus,
    TicketStatus,
)
from models.base import AccountOwned
from tests.factories.activity import JobFactory, NotificationDeliveryFactory
from tests.factories.base import NOW, RowFactory
from tests.factories.people import (
    AccountFactory,
    LoginAsSessionFactory,
    MemberFactory,
    MemberInvitationFactory,
    PersonFactory,
    StaffMemberFactory,
)
from tests.factories.support import (
    ChatSessionFactory,
    DataRequestFactory,
    InboundMailFactory,
    MessageFactory,
    TicketFactory,
)

TABLES = list(Base.metadata.tables.values())
MAPPERS = list(Base.registry.mappers)


def all_factories() -> list[Any]:
    found = []
    for module in pkgutil.iter_modules(tests.factories.__path__):
        loaded = importlib.import_module(f"tests.factories.{module.name}")
        found += [
            each
            for _name, each in python_inspect.getmembers(loaded, python_inspect.isclass)
            if issubclass(each, RowFactory) and each.__module__ == loaded.__name__ and not each._meta.abstract
        ]
    return found


@pytest.mark.parametrize("make", all_factories(), ids=lambda make: make.__name__)
def test_a_factory_makes_a_row_without_arguments(session, make):
    row = make()
    assert inspect(row).persistent


def test_no_relationship_loads_by_itself():
    by_itself = [
        f"{mapper.class_.__name__}.{each.key}"
        for mapper in MAPPERS
        for each in mapper.relationships
        if each.lazy not in ("raise", "raise_on_sql")
    ]
    assert by_itself == []


def people_access_and_support() -> list[Table]:
    """The tables that stand in modules which the factories beside know."""
    modules = {make._meta.model.__module__ for make in all_factories()}
    tables = [mapper.local_table for mapper in MAPPERS if mapper.class_.__module__ in modules]
    return sorted(tables, key=str)  # every test process must name its tests alike


def beginnings(table: Table) -> list[list[str]]:
    """The columns of everything that finds rows of the table."""
    plain = [index for index in table.indexes if not index.dialect_options["postgresql"].get("using")]
    unique = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    return [[column.name for column in each.columns] for each in (*plain, *unique, table.primary_key)]


def is_found_by(constraint: ForeignKeyConstraint, columns: list[str]) -> bool:
    own = [column.name for column in constraint.columns]
    telling = [name for name in own if name not in ("account_id", "currency", "person_kind")] or own
    return columns[0] == telling[0] or columns[:2] == ["account_id", telling[0]]


@pytest.mark.parametrize("table", people_access_and_support(), ids=str)
def test_a_reference_is_found_from_its_other_side(table):
    unfound = [
        [column.name for column in each.columns]
        for each in table.foreign_key_constraints
        if not any(is_found_by(each, columns) for columns in beginnings(table))
    ]
    assert unfound == []


def test_the_owner_column_stands_on_every_owned_table():
    owned = [mapper for mapper in MAPPERS if issubclass(mapper.class_, AccountOwned)]
    assert owned
    assert [mapper.class_.__name__ for mapper in owned if "account_id" not in mapper.local_table.columns] == []


def test_names_are_short_enough_for_postgresql():
    named = [each for table in TABLES for each in (*table.indexes, *table.constraints) if each.name]
    assert [str(each.name) for each in named if len(str(each.name)) > 63] == []


def each_of(choices: Any, make: Callable[..., Any], field: str = "status", **others: Any) -> list[Any]:
    return [make(**{field: choice}, **others) for choice in choices]


def accounts() -> list[Any]:
    modes = (PaymentMode.PREPAID, PaymentMode.POSTPAID)
    return [
        account
        for mode in modes
        for account in each_of(AccountStatus, AccountFactory, deletion_due_on=NOW.date(), payment_mode=mode)
    ]


def members() -> list[Any]:
    ways = itertools.product(MemberStatus, (True, False), (True, False))
    return [
        MemberFactory(status=status, portal_access=access, is_owner=owner)
        for status, access, owner in ways
        if not owner or (access and status != MemberStatus.DISABLED)
    ]


def people() -> list[Any]:
    marks: list[dict[str, Any]] = [{}, {"disabled_at": NOW}, {"erased_at": NOW}, {"email": None}]
    return [PersonFactory(**mark) for mark in marks]


def invitations() -> list[Any]:
    marks: list[dict[str, Any]] = [{}, {"accepted_at": NOW}, {"withdrawn_at": NOW}, {"superseded_at": NOW}]
    return [MemberInvitationFactory(**mark) for mark in marks]


def looks_as_members() -> list[Any]:
    return [LoginAsSessionFactory(), LoginAsSessionFactory(ended_at=NOW, end_reason="left")]


def tickets() -> list[Any]:
    made = []
    for status, rated in itertools.product(TicketStatus, (True, False)):
        marks = {"rating": 5, "rated_at": NOW} if rated else {}
        made.append(TicketFactory(status=status, solved_at=NOW, archived_at=NOW, **marks))
    merged = TicketFactory(status=TicketStatus.SOLVED, solved_at=NOW, account=made[0].account)
    merged.merged_into_id = made[0].id
    given = TicketFactory(assignee=StaffMemberFactory())
    return [*made, merged, given]


def requests() -> list[Any]:
    still_open = (DataRequestStatus.OPEN, DataRequestStatus.IN_PROGRESS)
    return [
        DataRequestFactory(kind=kind, status=status, closed_at=None if status in still_open else NOW)
        for kind in DataRequestKind
        for status in DataRequestStatus
    ]


def mails() -> list[Any]:
    return each_of(InboundOutcome, InboundMailFactory, field="outcome", message=MessageFactory())


def staff_members() -> list[Any]:
    return each_of(StaffStatus, StaffMemberFactory) + each_of(StaffRole, StaffMemberFactory, field="role")


def jobs() -> list[Any]:
    return each_of(JobState, JobFactory, field="state", lease_until=NOW)


def deliveries() -> list[Any]:
    return each_of(DeliveryState, NotificationDeliveryFactory, field="state", sent_at=NOW)


def chats() -> list[Any]:
    return [
        ChatSessionFactory(),
        ChatSessionFactory(status=ChatStatus.OPEN, staff_member=StaffMemberFactory()),
        ChatSessionFactory(status=ChatStatus.CLOSED, closed_at=NOW),
        _chat_that_is_a_ticket(),
    ]


def _chat_that_is_a_ticket() -> Any:
    ticket = TicketFactory()
    member = MemberFactory(account=ticket.account)
    return ChatSessionFactory(member=member, status=ChatStatus.CLOSED, closed_at=NOW, ticket_id=ticket.id)


@pytest.mark.parametrize(
    "make",
    [
        accounts,
        people,
        members,
        invitations,
        staff_members,
        looks_as_members,
        tickets,
        mails,
        chats,
        requests,
        jobs,
        deliveries,
    ],
    ids=lambda make: make.__name__,
)
def test_predicates_say_the_same_in_python_and_in_the_database(session, make):
    rows = make()
    session.flush()
    model = type(rows[0])
    predicates = [
        name
        for name, found in inspect(model).all_orm_descriptors.items()
        if found.extension_type is HybridExtensionType.HYBRID_PROPERTY and name.startswith(("can_", "is_"))
    ]
    assert predicates
    for name in predicates:
        in_database = dict(session.execute(select(model.id, getattr(model, name))).all())
        in_python = {row.id: getattr(row, name) for row in rows}
        assert {key: bool(in_database[key]) for key in in_python} == in_python, name
        assert set(in_python.values()) == {True, False}, f"{name} is never told apart by these rows"


def test_the_log_reads_by_its_chain_and_number():
    assert str(AuditEvent(chain="account:10001", sequence=7)) == "account:10001/7"
