"""Identities of other houses: who may connect, who comes in, and who does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import select, update

from domain.attempts import TooManyAttempts
from domain.refusals import Refusal
from integrations.openid import ProofNotValid, ProvedIdentity, ProviderAccount, ProviderUnreachable
from models import (
    AccountStatus,
    AllowedNetwork,
    AuditEvent,
    KnownDevice,
    MemberStatus,
    NotificationDelivery,
    Person,
    SignInAttempt,
    SignInSession,
    SocialIdentity,
)
from services.networks import NetworkNotAllowed
from services.people import NotWhileLoggedInAs
from services.second_step import set_time_code
from services.sign_in import SignInRefused, person_as_actor, sign_in_with_code
from services.social_identities import (
    AlreadyConnected,
    IdentityNotConnected,
    IdentityTaken,
    OnlyWayIn,
    bind_identity,
    identities_of,
    identity_of,
    prove_identity,
    sign_in_with_identity,
    unbind_identity,
)
from services.social_providers import IdentityNotProved, ProviderNotReached, Registration, make_social_providers
from services.step_up import ProofNeeded
from services.unit_of_work import unit_of_work
from tests.factories.people import PasskeyFactory
from tests.support.door import BROWSER, LIFETIME, member_who_can_sign_in, person_who_can_sign_in
from tests.support.together import all_at_once

ISSUER = "https://id.example"
MIA = ProvedIdentity(ISSUER, "mia-1", "mia@elsewhere.example")
SECRET = "JBSWY3DPEHPK3PXP" * 2


def actor_of(person, now, **values):
    return replace(person_as_actor(person, BROWSER), proved_at=now, **values)


def bind(person, proved=MIA, *, now):
    with unit_of_work():
        return bind_identity(person, proved, "Acme ID", actor=actor_of(person, now), now=now)


def unbind(identity, person, *, now):
    with unit_of_work():
        unbind_identity(identity, person, "Acme ID", actor=actor_of(person, now), now=now)


class Provider:
    """Proves what the test says, or fails as the other house would."""

    account = ProviderAccount("acme", "Acme ID", ISSUER, "foyer", "", "http://localhost/callback")

    def __init__(self, proved=MIA, error=None):
        self.proved, self.error, self.asked = proved, error, 0

    def check_issuer_named(self, issuer, *, now):
        pass

    def identify(self, code, *, verifier, nonce, now):
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.proved


def enter(proved=MIA, *, now, browser=BROWSER, provider=None, verifier="v"):
    provider = provider or Provider(proved)
    found, attempt_id = prove_identity(
        provider, "code", browser, named_issuer=None, verifier=verifier, nonce="n", now=now
    )
    return sign_in_with_identity(found, attempt_id, "Acme ID", browser, now=now, lifetime=LIFETIME)


def mails(session):
    return session.scalars(select(NotificationDelivery.event).order_by(NotificationDelivery.id)).all()


def events(session):
    return session.scalars(select(AuditEvent.event).order_by(AuditEvent.id)).all()


def test_who_connected_an_identity_comes_in_by_it(session, now):
    person = person_who_can_sign_in()
    bind(person, now=now)
    entry = enter(now=now, browser=replace(BROWSER, device="a device"))
    assert (entry.person, entry.waits_for_second_step) == (person, False)
    assert person.last_sign_in_at == now
    assert events(session)[0] == "person.identity_bound"
    assert "person.signed_in" in events(session)
    assert mails(session)[0] == "identity_connected"
    assert session.scalars(select(KnownDevice.person_id)).all() == [person.id]  # it arrived as by every door


@pytest.mark.parametrize(
    "proved",
    [
        ProvedIdentity(ISSUER, "mia-2", "mia@elsewhere.example"),
        ProvedIdentity(ISSUER, "MIA-1", "mia@elsewhere.example"),
        ProvedIdentity("https://other.example", "mia-1", "mia@elsewhere.example"),
        ProvedIdentity(f"{ISSUER}/", "mia-1", "mia@elsewhere.example"),
        ProvedIdentity(ISSUER, "new", "mia@acme.example"),  # the very address of the sign-in here
    ],
)
def test_issuer_and_subject_are_the_identity_and_nothing_else_is(session, now, proved):
    person_who_can_sign_in("mia@acme.example")
    bind(session.scalars(select(Person)).one(), now=now)
    with pytest.raises(IdentityNotConnected):
        enter(proved, now=now)
    assert len(session.scalars(select(SocialIdentity)).all()) == 1
    assert session.scalars(select(SignInSession)).all() == []


def disabled_person(member, now):
    member.person.disabled_at = now


def erased_person(member, now):
    member.person.erased_at = now


def disabled_seat(member, now):
    member.status = MemberStatus.DISABLED


def no_access(member, now):
    member.portal_access = False


def suspended_account(member, now):
    member.account.status = AccountStatus.SUSPENDED


def passkeys_only(member, now):
    member.person.passkey_only = True


@pytest.mark.parametrize(
    "spoil", [disabled_person, erased_person, disabled_seat, no_access, suspended_account, passkeys_only]
)
def test_who_may_not_come_in_gets_the_one_refusal(session, now, spoil):
    member = member_who_can_sign_in()
    bind(member.person, now=now)
    spoil(member, now)
    session.commit()
    with pytest.raises(SignInRefused) as refused:
        enter(now=now)
    assert refused.value.message == IdentityNotConnected("Acme ID").message
    assert session.scalars(select(SignInSession)).all() == []


def test_the_second_step_is_asked_and_only_then_they_have_arrived(session, now):
    person = person_who_can_sign_in()
    bind(person, now=now)
    set_time_code(person, SECRET, now=now)
    entry = enter(now=now)
    assert entry.waits_for_second_step
    assert person.last_sign_in_at is None
    assert "person.signed_in" not in events(session)
    code = pyotp.TOTP(SECRET).at(now)
    sign_in_with_code(entry.session, person, code, BROWSER, now=now, lifetime=LIFETIME)
    assert person.last_sign_in_at == now


def test_who_must_change_the_password_comes_in_to_do_so(session, now):
    person = person_who_can_sign_in(person__must_change_password=True)
    bind(person, now=now)
    assert enter(now=now).person.must_change_password  # views/access.py lets them nowhere else


def test_the_networks_a_person_listed_hold_at_this_door(session, now):
    person = person_who_can_sign_in()
    bind(person, now=now)
    session.add(AllowedNetwork(person_id=person.id, cidr="198.51.100.0/24", created_at=now))
    session.commit()
    with pytest.raises(NetworkNotAllowed):
        enter(now=now)
    assert enter(now=now, browser=replace(BROWSER, ip="198.51.100.9")).person is person


def test_an_identity_of_another_person_cannot_be_connected(session, now):
    bind(person_who_can_sign_in(), now=now)
    with pytest.raises(IdentityTaken):
        bind(person_who_can_sign_in("eve@acme.example"), now=now)


def test_connecting_the_same_identity_again_changes_nothing(session, now):
    person = person_who_can_sign_in()
    first = bind(person, now=now)
    assert bind(person, now=now) is first
    assert mails(session) == ["identity_connected"]


def test_a_person_connects_one_identity_of_a_house(session, now):
    person = person_who_can_sign_in()
    bind(person, now=now)
    with pytest.raises(AlreadyConnected):
        bind(person, ProvedIdentity(ISSUER, "mia-2"), now=now)
    bind(person, ProvedIdentity("https://other.example", "mia-1"), now=now)
    assert len(identities_of(person.id)) == 2


def test_of_eight_who_connect_one_identity_at_once_one_does(session, now):
    ids = [person_who_can_sign_in(f"p{number}@acme.example").id for number in range(8)]

    def one(number):
        from extensions import db

        return bind(db.session.get(Person, ids[number]), now=now)

    outcomes = all_at_once(one, times=8)
    assert sum(isinstance(each, SocialIdentity) for each in outcomes) == 1
    assert sum(isinstance(each, Refusal) for each in outcomes) == 7


def test_a_disconnected_identity_does_not_open_the_door(session, now):
    person = person_who_can_sign_in()
    unbind(bind(person, now=now), person, now=now)
    assert identities_of(person.id) == []
    assert mails(session) == ["identity_connected", "identity_disconnected"]
    assert events(session) == ["person.identity_bound", "person.identity_unbound"]
    with pytest.raises(IdentityNotConnected):
        enter(now=now)


def test_the_only_way_in_cannot_be_disconnected(session, now):
    person = person_who_can_sign_in()
    identity = bind(person, now=now)
    session.execute(update(Person).values(password_hash=None))
    session.commit()
    with pytest.raises(OnlyWayIn):
        unbind(identity, person, now=now)
    PasskeyFactory(person=person)
    unbind(identity, person, now=now)
    assert identities_of(person.id) == []


def test_one_of_two_identities_may_go_where_there_is_no_password(session, now):
    person = person_who_can_sign_in()
    identity = bind(person, now=now)
    other = bind(person, ProvedIdentity("https://other.example", "mia-1"), now=now)
    session.execute(update(Person).values(password_hash=None))
    session.commit()
    unbind(identity, person, now=now)
    with pytest.raises(OnlyWayIn):
        unbind(other, person, now=now)


def test_connecting_and_disconnecting_want_a_recent_proof(session, now):
    person = person_who_can_sign_in()
    identity = bind(person, now=now)
    stale = replace(actor_of(person, now), proved_at=now - dt.timedelta(minutes=16))
    with pytest.raises(ProofNeeded):
        bind_identity(person, ProvedIdentity("https://other.example", "x"), "Other", actor=stale, now=now)
    with pytest.raises(ProofNeeded):
        unbind_identity(identity, person, "Acme ID", actor=stale, now=now)


def test_whoever_is_logged_in_as_a_member_cannot_touch_their_identities(session, now):
    person = person_who_can_sign_in()
    identity = bind(person, now=now)
    actor = actor_of(person, now, on_behalf_of_id=person.id)
    with pytest.raises(NotWhileLoggedInAs):
        bind_identity(person, ProvedIdentity("https://other.example", "x"), "Other", actor=actor, now=now)
    with pytest.raises(NotWhileLoggedInAs):
        unbind_identity(identity, person, "Acme ID", actor=actor, now=now)


def test_an_identity_is_found_for_its_own_person_only(session, now):
    person, other = person_who_can_sign_in(), person_who_can_sign_in("eve@acme.example")
    identity = bind(person, now=now)
    assert identity_of(person.id, identity.public_id) is identity
    assert identity_of(other.id, identity.public_id) is None


def test_an_address_that_cannot_be_shown_is_left_out(session, now):
    for number, email in enumerate(["a\r\nb@c.example", "x" * 300, "", None]):
        person = person_who_can_sign_in(f"p{number}@acme.example")
        assert bind(person, ProvedIdentity(ISSUER, f"s{number}", email), now=now).email is None


def test_ten_tries_from_a_place_then_a_wait_before_the_other_house_is_asked(session, now):
    provider = Provider(error=ProofNotValid("no"))
    for number in range(10):
        with pytest.raises(IdentityNotProved):
            enter(now=now, provider=provider, verifier=f"v{number}")
    with pytest.raises(TooManyAttempts):
        enter(now=now, provider=provider, verifier="v10")
    assert provider.asked == 10


def test_a_right_try_does_not_count(session, now):
    bind(person_who_can_sign_in(), now=now)
    for number in range(11):
        enter(now=now, verifier=f"v{number}")
    assert set(session.scalars(select(SignInAttempt.succeeded)).all()) == {True}


def test_a_house_that_is_down_is_named_to_the_person_and_the_reason_to_the_log(session, now, caplog):
    with pytest.raises(ProviderNotReached, match="Acme ID cannot be reached"):
        enter(now=now, provider=Provider(error=ProviderUnreachable("ConnectTimeout")))
    assert "ConnectTimeout" in caplog.text


def test_providers_are_offered_in_the_order_of_the_settings_with_their_redirect_addresses():
    providers = make_social_providers(
        [Registration("acme", "Acme ID", ISSUER, "foyer", "s")],
        base_url="https://portal.example",
        local=False,
        google=("g", "s"),
        facebook=("f", "s"),
    )
    assert [each.account.name for each in providers] == ["google", "facebook", "acme"]
    first = next(iter(providers)).account.redirect_uri
    assert first == "https://portal.example/sign-in/with/google/callback"
    assert (providers.label_of(ISSUER), providers.label_of("https://gone.example")) == (
        "Acme ID",
        "https://gone.example",
    )
    assert providers.find("other") is None
