"""An address is closed until it names who may open it."""

from __future__ import annotations

import pytest
from flask import Blueprint

from domain.permissions import MemberRole, P, StaffRole
from tests.factories.people import MemberFactory, MemberRoleGrantFactory
from tests.support.door import member_who_can_sign_in, sign_in_as, staff_who_can_sign_in
from views.access import mark_realm_endpoint, permission_of, public, requires, signed_in

planted = Blueprint("planted", __name__)


@planted.get("/planted/unmarked")
def unmarked():
    return "inside"


@planted.get("/planted/public")
@public
def for_all():
    return "inside"


@planted.route("/planted/signed-in", methods=["GET", "POST"])
@signed_in
def for_people():
    return "inside"


@planted.get("/planted/staff")
@requires(P.STAFF_BOOKS_READ)
def for_bookkeepers():
    return "inside"


@planted.get("/planted/<client_id>/invoices")
@requires(P.INVOICES_READ)
def for_members(client_id):
    return f"inside {client_id}"


@planted.get("/planted/realm")
def for_a_realm():
    return "inside"


@pytest.fixture
def client(make_app, session):
    app = make_app()
    app.register_blueprint(planted)
    mark_realm_endpoint(app, "planted.for_a_realm", "invoices:read")
    return app.test_client()


def status(client, address):
    return client.get(f"/planted/{address}").status_code


def test_an_address_without_a_mark_is_closed_even_for_the_administrator(client):
    staff_who_can_sign_in(role=StaffRole.ADMINISTRATOR)
    assert status(client, "unmarked") == 404
    sign_in_as(client, "sam@provider.example")
    assert status(client, "unmarked") == 404


def test_a_public_address_is_open_to_everybody(client):
    assert status(client, "public") == 200


def test_an_address_for_people_sends_strangers_to_the_door(client):
    member_who_can_sign_in()
    answer = client.get("/planted/signed-in?a=1&b=2")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=%2Fplanted%2Fsigned-in%3Fa%3D1%26b%3D2")
    sign_in_as(client)
    assert status(client, "signed-in") == 200


def test_staff_need_the_permission(client):
    staff_who_can_sign_in(role=StaffRole.SALES)
    sign_in_as(client, "sam@provider.example")
    assert status(client, "staff") == 403


def test_staff_with_the_permission_come_in(client):
    staff_who_can_sign_in(role=StaffRole.BILLING)
    sign_in_as(client, "sam@provider.example")
    assert status(client, "staff") == 200


def test_a_member_is_a_stranger_to_what_is_for_staff(client):
    member_who_can_sign_in(is_owner=True)
    sign_in_as(client)
    assert status(client, "staff") == 404


def test_a_member_needs_the_role_in_the_account_that_the_address_names(client):
    member = member_who_can_sign_in(account__client_id="20001")
    MemberFactory(person=member.person, account__client_id="20002")
    MemberFactory(account__client_id="20003")
    MemberRoleGrantFactory(member=member, role=MemberRole.BILLING)
    sign_in_as(client)
    assert status(client, "20001/invoices") == 200
    assert status(client, "20002/invoices") == 403
    assert status(client, "20003/invoices") == 404
    assert status(client, "99999/invoices") == 404
    assert status(client, "%00/invoices") == 404


def test_staff_are_strangers_to_a_page_of_an_account(client):
    MemberFactory(account__client_id="20001")
    staff_who_can_sign_in(role=StaffRole.ADMINISTRATOR)
    sign_in_as(client, "sam@provider.example")
    assert status(client, "20001/invoices") == 404


def test_a_realm_judges_its_own_addresses_but_nobody_reaches_them_without_a_session(client):
    member_who_can_sign_in()
    assert status(client, "realm") == 303
    sign_in_as(client)
    assert status(client, "realm") == 200


def test_every_address_of_the_program_names_its_permission(app):
    unmarked = sorted(rule.endpoint for rule in app.url_map.iter_rules() if permission_of(app, rule.endpoint) is None)
    assert unmarked == []


def test_only_these_addresses_are_open_to_everybody(app):
    public_ones = {rule.endpoint for rule in app.url_map.iter_rules() if permission_of(app, rule.endpoint) == "public"}
    assert public_ones == {
        "assets.serve",
        "locale.choose_language",
        "theme.choose_theme",
        "health.healthz",
        "health.readyz",
        "metrics.metrics",
        "sign_in.sign_in_page",
        "sign_in.code_page",
        "passkeys.sign_in_options",
        "passkeys.sign_in_alone",
        "passkeys.second_step_options",  # for who has shown the password
        "passkeys.second_step",
        "sign_in.forgot_password",
        "sign_in.reset_password",
        "social_sign_in.depart",  # a button of the sign-in page, with a token of ours
        "social_sign_in.come_back",  # where another house leads a browser back to
        "demo_sms.show",  # answers in the demo only
        "demo_telegram.show",  # the same
        "demo_telegram.write",  # the same
        "demo_mail.show",  # answers in the demo only
        "demo_mail.letter",  # the same
        "demo_mail.file",  # the same
        "unsubscribing.ask",  # the signed token in a mail
        "unsubscribing.stop",  # the same
        "webhooks.receive",  # gateways sign what they tell
        "device_api.activate",  # devices have a license code and no session
        "device_api.check",  # the same
        "device_api.deactivate",  # the same
        "device_api.keys",  # public keys
        "device_api.document",
        "invitations.take_seat",  # whoever holds the link of an invitation
    }
