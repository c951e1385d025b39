"""A code works once, also when many try it at the same moment."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from extensions import Cipher, SecretNotReadable
from models import Person, RecoveryCode, SignInDoor, TotpFactor
from services.second_step import make_recovery_codes, needs_second_step, set_time_code, use_code
from services.unit_of_work import unit_of_work
from tests.factories.people import TotpFactorFactory
from tests.support.door import person_who_can_sign_in
from tests.support.together import all_at_once

SECRET = "JBSWY3DPEHPK3PXP" * 2
HALF_A_MINUTE = dt.timedelta(seconds=30)


def code_at(moment):
    return pyotp.TOTP(SECRET).at(moment)


@pytest.fixture
def person(session, now):
    person = person_who_can_sign_in()
    set_time_code(person, SECRET, now=now - dt.timedelta(days=1))
    session.commit()
    return person


def use(person, code, now):
    with unit_of_work():
        return use_code(person, code, now=now)


def test_only_a_confirmed_time_code_asks_for_a_second_step(session, person):
    assert needs_second_step(person)
    assert not needs_second_step(person_who_can_sign_in("ole@acme.example"))
    assert not needs_second_step(TotpFactorFactory(confirmed_at=None).person)


def test_the_code_of_this_half_minute_is_right(person, now):
    assert use(person, code_at(now), now) is SignInDoor.CODE


@pytest.mark.parametrize("written", ["{0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}", " {0} ", "{0}\n"])
def test_spaces_in_a_code_do_not_matter(person, now, written):
    assert use(person, written.format(code_at(now)), now) is SignInDoor.CODE


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephone_may_be_half_a_minute_off(person, now, steps, right):
    assert (use(person, code_at(now + steps * HALF_A_MINUTE), now) is SignInDoor.CODE) is right


def test_a_code_works_once(person, now):
    code = code_at(now)
    assert use(person, code, now)
    assert use(person, code, now) is None
    assert use(person, code_at(now + HALF_A_MINUTE), now + HALF_A_MINUTE)


def test_a_code_older_than_the_last_one_used_is_refused(person, now):
    assert use(person, code_at(now), now)
    assert use(person, code_at(now - HALF_A_MINUTE), now) is None


@pytest.mark.parametrize("code", ["", "000000", "12345", "1234567", "abcdef", "\0" * 6, "١٢٣٤٥٦", "9" * 10_000])
def test_anything_else_is_no_code(person, now, code):
    assert use(person, code, now) is None


def test_of_the_same_code_eight_times_at_once_one_succeeds(session, person, now):
    person_id, code = person.id, code_at(now)
    outcomes = all_at_once(lambda _number: use(session.get(Person, person_id), code, now), times=8)
    assert sorted(outcomes, key=str) == [None] * 7 + [SignInDoor.CODE]


def test_of_the_same_recovery_code_eight_times_at_once_one_succeeds(session, person, now):
    person_id, code = person.id, make_recovery_codes(person, now=now)[0]
    outcomes = all_at_once(lambda _number: use(session.get(Person, person_id), code, now), times=8)
    assert sorted(outcomes, key=str) == [None] * 7 + [SignInDoor.RECOVERY_CODE]


def test_each_recovery_code_works_once_however_it_is_written(session, person, now):
    codes = make_recovery_codes(person, now=now)
    assert len(set(codes)) == 10
    assert use(person, codes[0], now) is SignInDoor.RECOVERY_CODE
    assert use(person, codes[0], now) is None
    assert use(person, codes[1].upper().replace("-", " "), now) is SignInDoor.RECOVERY_CODE


def test_new_recovery_codes_replace_the_old_ones(session, person, now):
    old = make_recovery_codes(person, now=now)
    make_recovery_codes(person, now=now)
    assert use(person, old[0], now) is None
    assert len(session.scalars(select(RecoveryCode)).all()) == 10


def test_a_recovery_code_of_somebody_else_is_refused(session, person, now):
    other = person_who_can_sign_in("ole@acme.example")
    codes = make_recovery_codes(other, now=now)
    assert use(person, codes[0], now) is None


def test_the_database_holds_neither_secret_nor_recovery_code(session, person, now):
    codes = make_recovery_codes(person, now=now)
    factor = session.scalars(select(TotpFactor)).one()
    assert SECRET not in factor.secret
    hashes = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not {code.replace("-", "") for code in codes} & set(hashes)


def test_a_person_without_a_factor_has_no_right_code(session, now):
    assert use(person_who_can_sign_in("ole@acme.example"), code_at(now), now) is None


def test_a_new_key_in_front_reads_what_an_old_one_wrote():
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    cipher = Cipher()
    cipher.init([old])
    token = cipher.encrypt("secret")
    cipher.init([new, old])
    assert cipher.decrypt(token) == "secret"
    renewed = cipher.renew(token)
    cipher.init([new])
    assert cipher.decrypt(renewed) == "secret"
    with pytest.raises(SecretNotReadable):
        cipher.decrypt(token)


def test_a_cipher_without_keys_says_so():
    with pytest.raises(SecretNotReadable, match="no ENCRYPTION_KEYS"):
        Cipher().encrypt("secret")
