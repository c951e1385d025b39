"""The frame of a person's own settings: who gets in, its sections, and the way back."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.factories.people import AccountFactory, StaffMemberFactory
from tests.support.desk import Desk, member_desk, staff_desk
from views.own_settings.frame import SECTIONS


@pytest.fixture
def mia(app: Flask, session) -> Desk:
    return member_desk(app, AccountFactory(client_id="20777", name="Acme Telecom"))


def test_without_a_session_every_section_leads_to_the_door(app, client, session):
    with app.test_request_context():
        addresses = ["/settings/", *(app.url_for(section.endpoint) for section in SECTIONS)]
    for address in addresses:
        answer = client.get(address)
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in"), address


def test_the_bare_address_leads_to_the_first_section(mia):
    for address in ("/settings", "/settings/"):
        answer = mia.client.get(address)
        assert (answer.status_code, answer.location) == (303, "/settings/profile")


def test_every_section_opens_and_names_itself(app, mia):
    with app.test_request_context():
        addresses = {section.label: app.url_for(section.endpoint) for section in SECTIONS}
    for label, address in addresses.items():
        page = mia.client.get(address)
        assert page.status_code == 200, address
        assert f"<h1>{label}</h1>" in page.text
        assert page.headers["Cache-Control"] == "no-store"


def test_the_way_back_leads_to_the_page_one_came_from(mia):
    mia.client.get("/settings/?from=/portal/20777/invoices/")
    page = mia.client.get("/settings/profile").text
    assert 'href="/portal/20777/invoices/"' in page
    assert "Acme Telecom" in page


def test_staff_find_the_way_back_to_the_back_office(app, session):
    desk = staff_desk(app)
    assert 'href="/staff/"' in desk.client.get("/settings/profile").text


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"])
def test_the_way_back_never_leads_elsewhere(mia, address):
    mia.client.get("/settings/", query_string={"from": address})
    assert "elsewhere" not in mia.client.get("/settings/profile").text


def test_the_menu_of_the_person_leads_to_the_settings(app, session):
    desk = Desk(app, StaffMemberFactory().person, "/staff")
    assert "/settings/?from=%2Fstaff%2F" in desk.get("/").text
