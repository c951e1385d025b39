"""Plain records: made, changed and deleted by the forms of the generator."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.audit import SENTENCES
from domain.refusals import Refusal
from extensions import Base, db
from models import Department, Interest, Invoice, Product, ProductClass, TaxRule, WebhookEndpoint
from models.base import Versioned
from models.product import ProductKind
from services.audit import target_of, timeline_of
from services.records import (
    RecordConflicts,
    RecordExists,
    RecordInUse,
    ValueNotAllowed,
    create_record,
    delete_record,
    edit_record,
    flush_or_refuse,
)
from tests.factories.people import AccountFactory, PersonFactory
from tests.services.money import CLERK, issued

LATER = dt.timedelta(hours=1)


@pytest.fixture
def product_class(session: Session, now: dt.datetime) -> ProductClass:
    return create_record(ProductClass, {"code": "seats", "name": "Seats"}, actor=CLERK, now=now)


def product_values(product_class: ProductClass) -> dict[str, object]:
    return {"code": "seat", "name": "Seat", "kind": ProductKind.ADD_ON, "product_class": product_class}


def test_a_new_record_knows_when_it_was_made(product_class: ProductClass, now: dt.datetime) -> None:
    assert (product_class.created_at, product_class.version) == (now, 1)
    event = timeline_of(*target_of(product_class))[0]
    assert (event.event, event.after) == ("product_class.created", {"code": "seats", "name": "Seats"})


def test_a_relation_is_audited_by_its_name(product_class: ProductClass, now: dt.datetime) -> None:
    product = create_record(Product, product_values(product_class), actor=CLERK, now=now)
    assert product.product_class_id == product_class.id
    assert timeline_of(*target_of(product))[0].after["product_class"] == "Seats"


def test_a_relation_that_was_not_loaded_can_be_changed(product_class: ProductClass, now: dt.datetime) -> None:
    product = create_record(Product, product_values(product_class), actor=CLERK, now=now)
    other = create_record(ProductClass, {"code": "lines", "name": "Lines"}, actor=CLERK, now=now)
    db.session.expire_all()
    edit_record(product, {"product_class": other}, actor=CLERK, now=now + LATER)
    event = timeline_of(*target_of(product))[0]
    assert (event.before, event.after) == ({"product_class": "Seats"}, {"product_class": "Lines"})


def test_a_change_counts_the_version_and_keeps_before_and_after(product_class: ProductClass, now: dt.datetime) -> None:
    edit_record(product_class, {"code": "seats", "name": "Places"}, actor=CLERK, now=now + LATER)
    assert (product_class.name, product_class.version) == ("Places", 2)
    event = timeline_of(*target_of(product_class))[0]
    assert (event.event, event.before, event.after) == ("product_class.edited", {"name": "Seats"}, {"name": "Places"})


def test_saving_without_a_difference_writes_nothing(product_class: ProductClass, now: dt.datetime) -> None:
    edit_record(product_class, {"name": "Seats"}, actor=CLERK, now=now + LATER)
    assert product_class.version == 1
    assert len(timeline_of(*target_of(product_class))) == 1


def test_secrets_never_stand_in_the_audit(session: Session, now: dt.datetime) -> None:
    values = {"account_id": AccountFactory().id, "url": "https://hooks.example", "secret": "first"}
    hook = create_record(WebhookEndpoint, values, actor=CLERK, now=now)
    edit_record(hook, {"secret": "second"}, actor=CLERK, now=now + LATER)
    events = timeline_of(*target_of(hook))
    assert [event.event for event in events] == ["webhook_endpoint.edited", "webhook_endpoint.created"]
    assert "first" not in str(events)
    assert "second" not in str(events)


def test_a_time_of_day_can_be_audited(session: Session, now: dt.datetime) -> None:
    person = PersonFactory()
    edit_record(person, {"quiet_from": dt.time(22, 0)}, actor=CLERK, now=now)
    assert timeline_of(*target_of(person))[0].after == {"quiet_from": "22:00:00"}


def test_a_value_that_is_taken_is_refused_in_words(product_class: ProductClass, now: dt.datetime) -> None:
    with pytest.raises(RecordExists, match=r"already a record with this code\.") as refused:
        create_record(ProductClass, {"code": "seats", "name": "Again"}, actor=CLERK, now=now)
    assert "INSERT" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_value_that_is_not_allowed_is_refused_in_words(product_class: ProductClass, now: dt.datetime) -> None:
    values = {"name": "VAT", "country": "DE", "rate": 2_000_000, "valid_from": now.date()}
    with pytest.raises(ValueNotAllowed):
        create_record(TaxRule, {**values, "product_class": product_class}, actor=CLERK, now=now)


def test_a_missing_value_is_refused_in_words(session: Session, now: dt.datetime) -> None:
    with pytest.raises(ValueNotAllowed):
        create_record(Department, {"name": None}, actor=CLERK, now=now)


def test_a_reference_to_nothing_is_refused_in_words(session: Session, now: dt.datetime) -> None:
    values = {"code": "seat", "name": "Seat", "kind": ProductKind.ADD_ON, "product_class_id": 4711}
    with pytest.raises(RecordConflicts):
        create_record(Product, values, actor=CLERK, now=now)


def test_a_service_can_name_a_conflict(product_class: ProductClass, now: dt.datetime) -> None:
    class CodeTaken(Refusal):
        message = "This code is taken."

    db.session.add(ProductClass(code="seats", name="Again", created_at=now))
    with pytest.raises(CodeTaken):
        flush_or_refuse({"product_class.code": CodeTaken})


def test_a_deleted_record_is_gone_and_the_audit_keeps_what_it_held(session: Session, now: dt.datetime) -> None:
    interest = create_record(Interest, {"name": "Telephones"}, actor=CLERK, now=now)
    key = interest.public_id
    delete_record(interest, actor=CLERK, now=now + LATER)
    assert db.session.get(Interest, interest.id) is None
    event = timeline_of("interest", key)[0]
    assert (event.event, event.before["name"]) == ("interest.deleted", "Telephones")


def test_a_record_that_is_referred_to_is_not_deleted(product_class: ProductClass, now: dt.datetime) -> None:
    create_record(Product, product_values(product_class), actor=CLERK, now=now)
    with pytest.raises(RecordInUse):
        delete_record(product_class, actor=CLERK, now=now)


def test_an_owned_record_is_audited_in_the_chain_of_its_account(session: Session, now: dt.datetime) -> None:
    invoice: Invoice = issued(AccountFactory(), now)
    edit_record(invoice, {"remark": "Call first"}, actor=Actor("Clerk", Source.STAFF), now=now + LATER)
    assert timeline_of(*target_of(invoice), account_id=invoice.account_id)[0].event == "invoice.edited"


def test_every_record_that_people_edit_has_its_words_in_the_audit() -> None:
    edited = {mapper.class_.__tablename__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Versioned)}
    assert len(edited) > 20
    assert {table for table in edited if f"{table}.edited" not in SENTENCES} == set()
