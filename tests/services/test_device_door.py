"""Where devices come in: codes are read kindly, guesses are counted, and the answer says what a license entitles to."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, select

from domain.attempts import CODE_GUESSES, LICENSE_ACTS, TooManyAttempts
from extensions import db
from models import LicenseAttempt, LicenseStatus, ProductKind
from services.activations import Device, DeviceNotActive, LockedToOtherDevice
from services.device_door import LicenseUnknown, Question, answer_device, forget_old_license_attempts
from services.entitlement_signing import entitlement_signer
from services.settings import change_setting
from services.unit_of_work import unit_of_work
from tests.factories.catalogue import EditionFactory, PackageFactory, ProductFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.services.money import CLERK, rows_of
from tests.support.devices import MAC, OTHER_MAC, new_nonce, told
from tests.support.together import all_at_once

ISSUER = "https://portal.example"
CODE = "7KQ4-0ZXV-93BT-M5HE"


@pytest.fixture
def license(session):
    made = LicenseFactory(
        code=CODE, status=LicenseStatus.NOT_ACTIVATED, mac_address=None, last_valid_ip=None, expires_on=None
    )
    session.commit()
    return made


def ask(act="activate", code=CODE, mac=MAC, *, now, place="198.51.100.1", nonce=""):
    asked = Question(code, Device(mac, "192.0.2.10"), nonce or new_nonce())
    signed = answer_device(act, asked, ip=place, issuer=ISSUER, now=now)
    answer = {"protected": signed.protected, "payload": signed.payload, "signature": signed.signature}
    return told(answer, entitlement_signer.public_keys())


def refused(refusal, **asked):
    with pytest.raises(refusal) as caught:
        ask(**asked)
    return caught.value


# What is answered


def test_the_answer_says_everything_that_the_license_entitles_to(session, now):
    package = PackageFactory(code="business", name="Business edition")
    license = LicenseFactory(
        code=CODE, package=package, mac_address=None, app_name="Acme Talk", licensee="Acme", expires_on=None
    )
    seats, none_left = ProductFactory(code="seat", name="Seats"), ProductFactory(code="agent")
    LicenseItemFactory(license=license, product=seats, quantity=25)
    LicenseItemFactory(license=license, product=none_left, quantity=0)
    answer = ask(nonce="n" * 24, now=now)
    activation = answer["device"].pop("activation")
    assert len(activation) == 16
    assert answer == {
        "format": 1,
        "issuer": ISSUER,
        "nonce": "n" * 24,
        "issued_at": "2026-05-15T09:30:00Z",
        "valid_until": "2026-05-22T09:30:00Z",
        "device": {"mac_address": MAC, "ip": "192.0.2.10", "activated_at": "2026-05-15T09:30:00Z"},
        "license": {
            "code": CODE,
            "type": "business",
            "status": "active",
            "duration": "yearly",
            "expires_on": None,
            "package": {"code": "business", "name": "Business edition"},
            "app_name": "Acme Talk",
            "licensee": "Acme",
            "activation_limit": 1,
        },
        "items": [{"product": "seat", "name": "Seats", "kind": seats.kind.value, "quantity": 25}],
        "editions": [],
    }


def test_an_answer_ends_with_the_license(license, now):
    license.expires_on = dt.date(2026, 5, 16)
    db.session.commit()
    assert ask(now=now)["valid_until"] == "2026-05-17T00:00:00Z"


def test_staff_set_for_how_long_a_device_need_not_ask(license, now):
    with unit_of_work():
        change_setting("activation_valid_days", "30", actor=CLERK, now=now)
    assert ask(now=now)["valid_until"] == "2026-06-14T09:30:00Z"


def test_a_check_tells_what_holds_now(license, now):
    ask(now=now)
    LicenseItemFactory(license=license, product=ProductFactory(code="seat"), quantity=3)
    db.session.commit()
    assert [item["quantity"] for item in ask("check", now=now)["items"]] == [3]


def test_a_device_is_told_how_many_of_each_edition_the_wizard_set_up(license, now):
    for code, in_app in (("office", 4), ("agent", 0)):
        product = ProductFactory(kind=ProductKind.EDITION)
        EditionFactory(code=code, name=code.capitalize(), product=product)
        LicenseItemFactory(license=license, product=product, quantity=10, in_app=in_app)
    db.session.commit()
    assert ask(now=now)["editions"] == [{"edition": "office", "name": "Office", "seats": 4}]


def test_a_deactivation_is_a_receipt_that_entitles_to_nothing(license, now):
    ask(now=now)
    receipt = ask("deactivate", now=now)
    assert receipt["deactivated_at"] == "2026-05-15T09:30:00Z"
    assert not {"items", "valid_until"} & set(receipt)
    refused(DeviceNotActive, act="check", now=now)


@pytest.mark.parametrize(
    "written", ["7kq4 0zxv 93bt m5he", " 7KQ4-OZXV-93BT-M5HE ", "７ＫＱ４-0ZXV-93BT-M5HE", "7KQ40ZXV93BTM5HE"]
)
def test_a_code_is_read_kindly(license, now, written):
    assert ask(code=written, now=now)["license"]["code"] == CODE


# Guesses

UNKNOWN = ["7KQ4-0ZXV-93BT-M5HF", "x", "   ", "\0", "Ω" * 90, "LIC-1' OR '1'='1"]


class Statements:
    """How many statements are sent, while it listens."""

    def __enter__(self):
        self.seen = []
        event.listen(db.engine, "before_cursor_execute", self._note)
        return self.seen

    def __exit__(self, *_error):
        event.remove(db.engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, *_others):
        self.seen.append(statement.split()[0])


def test_every_unknown_code_gets_the_same_words_for_the_same_work(license, now):
    work, words = set(), set()
    for number, code in enumerate(UNKNOWN):
        with Statements() as sent:
            refusal = refused(LicenseUnknown, code=code, now=now, place=f"198.51.100.{number}")
        work.add(tuple(sent))
        words.add(refusal.message)
    assert (len(work), len(words)) == (1, 1)


def test_ten_unknown_codes_from_a_place_and_then_a_wait_also_for_the_right_one(license, now):
    for number in range(10):
        refused(LicenseUnknown, code=f"guess {number}", now=now)
    wait = refused(TooManyAttempts, now=now + dt.timedelta(minutes=1)).wait
    assert wait == dt.timedelta(minutes=4)
    assert rows_of(LicenseAttempt) == 10
    assert ask(now=now + CODE_GUESSES.window)["license"]["code"] == CODE


def test_one_home_with_many_addresses_is_one_place(license, now):
    for number in range(10):
        refused(LicenseUnknown, code="guess", place=f"2001:db8:0:1::{number}", now=now)
    refused(TooManyAttempts, code="guess", place="2001:db8:0:1:ffff::1", now=now)
    refused(LicenseUnknown, code="guess", place="2001:db8:0:2::1", now=now)


def test_sixteen_guesses_at_once_are_ten(license, now):
    results = all_at_once(lambda number: ask(code=f"guess {number}", now=now), times=16)
    kinds = [type(each) for each in results]
    assert (kinds.count(LicenseUnknown), kinds.count(TooManyAttempts)) == (10, 6)


def test_no_code_is_kept(license, now):
    refused(LicenseUnknown, code="my password", now=now)
    ask(now=now)
    rows = db.session.scalars(select(LicenseAttempt)).all()
    assert [len(row.code_hash or "") for row in rows] == [0, 64]


# Per license


def test_devices_that_are_refused_are_counted_for_the_license_wherever_they_are(license, now):
    ask(now=now)
    most = LICENSE_ACTS.attempts + license.activation_limit
    for number in range(most - 1):  # the activation counts, too
        refused(LockedToOtherDevice, mac=f"02:00:00:00:01:{number:02X}", place=f"203.0.113.{number}", now=now)
    refused(TooManyAttempts, mac=OTHER_MAC, place="203.0.113.200", now=now)
    refused(TooManyAttempts, act="check", now=now)
    assert ask("check", now=now + LICENSE_ACTS.window)["license"]["code"] == CODE


def test_switching_on_and_off_without_end_is_stopped(license, now):
    for number in range(LICENSE_ACTS.attempts + license.activation_limit):
        ask("deactivate" if number % 2 else "activate", now=now)
    refused(TooManyAttempts, act="deactivate", now=now)
    refused(TooManyAttempts, act="activate", now=now)


def test_a_license_for_many_devices_can_be_rolled_out_at_once(license, now):
    license.activation_limit = 50
    db.session.commit()
    for number in range(50):
        ask(mac=f"02:00:00:00:00:{number:02X}", now=now)
    assert license.further_devices == 49


def test_checks_are_free(license, now):
    ask(now=now)
    for _ in range(40):
        ask("check", now=now)
        ask("activate", now=now)
    assert rows_of(LicenseAttempt) == 1


def test_another_license_of_the_same_place_is_not_held_up(license, now):
    other = LicenseFactory(mac_address=None, expires_on=None)
    db.session.commit()
    ask(now=now)
    for _ in range(10):
        refused(LockedToOtherDevice, mac=OTHER_MAC, now=now)
    refused(TooManyAttempts, mac=OTHER_MAC, now=now)
    assert ask(code=other.code, mac=OTHER_MAC, now=now)["license"]["code"] == other.code


def test_a_refused_act_leaves_nothing_but_its_attempt(license, now):
    ask(now=now)
    version = license.version
    refused(LockedToOtherDevice, mac=OTHER_MAC, now=now)
    db.session.refresh(license)
    assert (license.mac_address, license.version, rows_of(LicenseAttempt)) == (MAC, version, 2)


def test_old_attempts_are_forgotten(license, now):
    refused(LicenseUnknown, code="guess", now=now)
    with unit_of_work():
        assert forget_old_license_attempts(now=now + dt.timedelta(days=29)) == 0
        assert forget_old_license_attempts(now=now + dt.timedelta(days=31)) == 1
    assert rows_of(LicenseAttempt) == 0
