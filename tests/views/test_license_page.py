"""The page of a license: its activations, to members who may read licenses and to staff, and nobody else's."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.permissions import MemberRole, StaffRole
from tests.factories.base import NOW
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseActivationFactory, LicenseFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def license(account):
    made = LicenseFactory(account=account, code="7KQ4-0ZXV-93BT-M5HE", activation_limit=2)
    LicenseActivationFactory(license=made, mac_address="02:00:00:00:00:01", hostname="pbx.acme.example")
    gone = NOW + dt.timedelta(days=3)
    LicenseActivationFactory(license=made, mac_address="02:00:00:00:00:02", deactivated_at=gone)
    LicenseActivationFactory(license=LicenseFactory(account=account), mac_address="02:00:00:00:00:03")
    return made


def test_members_see_the_activations_of_the_license(app, account, license):
    desk = member_desk(app, account, MemberRole.LICENSES)
    text = desk.client.get(f"/portal/10001/licenses/{license.code}?tab=activations").text
    assert "Activations" in text
    assert "02:00:00:00:00:01" in text
    assert "pbx.acme.example" in text
    assert "02:00:00:00:00:02" in text
    assert "02:00:00:00:00:03" not in text


def test_staff_see_them_too(app, license):
    desk = staff_desk(app, StaffRole.SUPPORT_AGENT)
    assert "pbx.acme.example" in desk.client.get(f"/staff/licenses/{license.code}?tab=activations").text


def test_what_a_device_did_stands_in_the_history(app, account, client, license):
    license.mac_address = None
    sent = {"code": license.code, "mac_address": "02:00:00:00:00:09", "nonce": "n" * 24}
    assert client.post("/api/v1/device/activate", json=sent).status_code == 200
    desk = member_desk(app, account, MemberRole.LICENSES)
    page = page_of(desk.client.get(f"/portal/10001/licenses/{license.code}"))
    assert "Activated the license on a device" in str(page.text)
