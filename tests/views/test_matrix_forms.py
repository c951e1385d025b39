"""The forms of every record, filled in as people do, and as attackers do: foreign keys chosen, owners smuggled in."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect

from panel import PORTAL
from tests.support.matrix import (
    MISSING,
    cases,
    is_owned,
    keys_of_row,
    name_of,
    relations_of,
    sides_hidden,
    sides_seen,
    target_of,
)
from tests.support.matrix_sides import BELOW, FOREIGN, OWN, numbers
from tests.support.matrix_snapshot import AUDIT, take_snapshot
from tests.support.matrix_world import ADMINISTRATOR, OWNER
from tests.support.pages import filled, form_of, said_by

pytestmark = pytest.mark.slow  # a sweep over every record

# What a form wants without asking: one of two references, one of two names. ``_OF`` stands for the key of an own row.
_OF = object()
_PERSON = {"person.first_name": "Typed", "person.email": "typed-{number}@people.example"}
ALSO_FILLED = {
    "prices": {"package": _OF},
    "members": {**_PERSON, "portal_access": "y"},
    "staff-members": _PERSON,
    "resources": {"body": "Typed"},
    "business-hours": {"monday": "09:00-17:00"},
    "macros": {"takes": "y"},
    "ticket-fields": {"key": "typed_{number}"},
}
# A mark in every text is no VAT ID.
PLAIN = {"accounts": {"vat_id": None}}


def with_verb(verb):
    def has(realm, resource):
        grant = resource.grant(verb, realm)
        return bool(grant) and (realm != PORTAL or not grant.startswith("staff:"))

    return [(realm, resource) for realm, resource in cases() if has(realm, resource)]


def references(verb, realm, resource):
    columns = resource.form_columns(verb, realm)
    relations = inspect(resource.model).relationships
    return [] if isinstance(columns, type) else [name for name in columns if name in relations]


every_new = pytest.mark.parametrize(("realm", "resource"), with_verb("create"), ids=name_of)
every_edit = pytest.mark.parametrize(("realm", "resource"), with_verb("edit"), ids=name_of)


def insider(world, realm):
    return world.visitors[OWNER if realm == PORTAL else ADMINISTRATOR]


def new_form(world, realm, resource):
    """The address of the empty form, and what somebody fills in honestly."""
    visitor, url = insider(world, realm), f"{world.base(realm)}/{resource.slug}/new"
    if first := resource.first.get("create"):  # what is chosen on a page of its own
        url += f"?{first}={keys_of_row(world.row(OWN, target_of(resource, first)))[0]}"
    chosen = {
        name: keys_of_row(world.row(OWN, target_of(resource, name)))[0]
        if value is _OF
        else value.format(number=next(numbers))
        for name, value in ALSO_FILLED.get(resource.slug, {}).items()
    }
    return url, filled(form_of(visitor.get(url)), visitor, **chosen)


def edit_form(world, realm, resource):
    """The address of a fresh row's form, and what it holds when it is opened."""
    row = world.fresh(sides_seen(realm, resource)[0], resource.model, **PLAIN.get(resource.slug, {}))
    url = f"{world.base(realm)}/{resource.slug}/{row[resource.key]}/edit"
    return url, form_of(insider(world, realm).get(url)).values


def smuggled(world):
    """Fields that no form of the portal has: whose the row shall be, and which row it shall be."""
    foreign_id, client_id = str(world.account_ids[FOREIGN]), world.client_ids[FOREIGN]
    return {
        "account": client_id,
        "account_id": foreign_id,
        "client_id": client_id,
        "owner_id": foreign_id,
        "id": "1",
        "public_id": "smuggled",
        "status": "terminated",
        "is_owner": "y",
    }


@every_new
def test_a_form_filled_in_makes_one_row_of_the_account(world, realm, resource):
    url, values = new_form(world, realm, resource)
    before = take_snapshot(world)
    answer = insider(world, realm).post(url, values)
    assert answer.status_code == 303, said_by(answer)
    after = take_snapshot(world)
    table = resource.model.__tablename__
    made = [place for place in after.rows.keys() - before.rows.keys() if place[0] == table]
    assert len(made) == 1
    if realm == PORTAL:
        assert before.foreign_changed_to(after) == []
        assert not set(made) & after.foreign.keys()


@every_new
def test_owners_smuggled_into_a_new_row_are_not_heard(world, realm, resource):
    if realm != PORTAL or not is_owned(resource):
        pytest.skip("staff choose the account; rows of nobody have none")
    url, values = new_form(world, realm, resource)
    fields = {name: value for name, value in smuggled(world).items() if name not in values}
    before = take_snapshot(world)
    smuggling = f"{url}{'&' if '?' in url else '?'}account_id={world.account_ids[FOREIGN]}"
    answer = insider(world, realm).post(smuggling, {**fields, **values})
    assert answer.status_code == 303
    after = take_snapshot(world)
    assert before.foreign_changed_to(after) == []
    assert [place for place in after.rows.keys() - before.rows.keys() if place[0] == resource.model.__tablename__]


@every_new
def test_foreign_records_cannot_be_chosen_in_a_new_row(world, realm, resource):
    for name in references("create", realm, resource):
        assert name in relations_of(resource, realm)
        url, values = new_form(world, realm, resource)
        before = take_snapshot(world, AUDIT)
        for key in forged_keys(world, realm, resource, name):
            answer = insider(world, realm).post(url, {**values, name: key})
            assert answer.status_code == 422, (name, key)
            assert f'id="{name}-error"' in answer.get_data(as_text=True)
        assert before.changed_to(take_snapshot(world, AUDIT)) == []


@every_edit
def test_saving_a_form_as_it_was_opened_changes_nothing(world, realm, resource):
    url, values = edit_form(world, realm, resource)
    before = take_snapshot(world)
    answer = insider(world, realm).post(url, values)
    assert answer.status_code == 303, said_by(answer)
    assert before.changed_to(take_snapshot(world)) == []


@every_edit
def test_owners_smuggled_into_a_saved_row_are_not_heard(world, realm, resource):
    url, values = edit_form(world, realm, resource)
    fields = {name: value for name, value in smuggled(world).items() if name not in values}
    before = take_snapshot(world)
    assert insider(world, realm).post(url, {**fields, **values}).status_code == 303
    assert before.changed_to(take_snapshot(world)) == []


@every_edit
def test_foreign_records_cannot_be_chosen_in_a_saved_row(world, realm, resource):
    for name in references("edit", realm, resource):
        url, values = edit_form(world, realm, resource)
        before = take_snapshot(world)
        for key in forged_keys(world, realm, resource, name):
            assert insider(world, realm).post(url, {**values, name: key}).status_code == 422, (name, key)
        assert before.changed_to(take_snapshot(world)) == []


@every_edit
def test_a_form_that_another_overtook_is_refused_and_keeps_what_was_typed(world, realm, resource):
    url, values = edit_form(world, realm, resource)
    if "version" not in values:
        pytest.skip("the record does not count its saves")
    name = next(name for name in values if name not in ("version", "csrf_token"))
    before = take_snapshot(world)
    answer = insider(world, realm).post(url, {**values, "version": "0"})
    assert answer.status_code == 409
    assert form_of(answer).values[name] == values[name]
    assert before.changed_to(take_snapshot(world)) == []


def forged_keys(world, realm, resource, name):
    """What somebody might type to reach a record that is not theirs to choose: its key, its name, its row number."""
    target = target_of(resource, name)
    marks = [mark for mark in sides_hidden(realm, resource) if mark in (FOREIGN, BELOW)]
    keys = [key for mark in marks for key in keys_of_row(world.row(mark, target))]
    return [*keys, str(world.row(OWN, target)["id"]), MISSING, "\0", "x" * 10_000]
