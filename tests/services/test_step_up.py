"""Sensitive acts want a recent proof of who acts, whatever door they came by; nothing happens before it (SPEC A3)."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source, system_actor
from domain.permissions import StaffRole
from models import AuditEvent, SignInAttempt, StaffMember
from services.password_resets import change_password
from services.second_step import set_time_code
from services.staff_members import edit_staff_member
from services.step_up import ProofNeeded, require_recent_proof
from tests.factories.people import SignInSessionFactory, StaffMemberFactory
from tests.support.door import ANOTHER_PASSWORD, LIFETIME, PASSWORD, person_who_can_sign_in

SERVICES = Path(__file__).resolve().parents[2] / "services"
GUARD = "require_recent_proof"
MINUTE = dt.timedelta(minutes=1)

# Whoever takes the guard out of one of these has to take it out of here too.
SENSITIVE = {
    "announcements.send_announcement",
    "auto_top_up.set_auto_top_up",
    "email_changes.change_email",
    "login_as.start_login_as",
    "members.reset_member_password",
    "members.reset_member_second_factor",
    "networks.add_network",
    "networks.remove_network",
    "ownership.confirm_for_owner",
    "ownership.confirm_ownership_change",
    "ownership.propose_ownership_change",
    "passkeys.add_passkey",
    "passkeys.begin_passkey",
    "passkeys.remove_passkey",
    "passkeys.rename_passkey",
    "passkeys.set_passkey_only",
    "pay_approvals.approve_payment",
    "pay_approvals.decline_payment",
    "phones.remove_phone",
    "phones.send_verification_code",
    "portal_access.switch_portal_access_off",
    "portal_access.switch_portal_access_on",
    "roles.add_roles",
    "roles.remove_roles",
    "roles.set_roles",
    "social_identities.bind_identity",
    "social_identities.check_may_connect",
    "social_identities.unbind_identity",
    "staff_members.create_staff_member",
    "staff_members.reset_staff_password",
    "staff_members.reset_staff_second_factor",
    "telegram_bindings.begin_binding",
    "time_codes.confirm_enrolment",
    "time_codes.open_enrolment",
    "time_codes.remove_time_codes",
    "time_codes.renew_recovery_codes",
    "time_codes.start_enrolment",
    "transfers.transfer_items",
    "transfers.undo_transfer",
}
# Those that ask under a condition, or read first whom it is about: tested below, or where they are at home.
OTHERS = {
    "email_changes.change_member_email",
    "email_changes.change_staff_email",
    "login_as.start_login_as_owner",
    "password_resets.change_password",
    "password_resets.require_proof_beside_password",
    "phone_removals.remove_member_phone",
    "phone_removals.remove_staff_phone",
    "staff_members.edit_staff_member",
}


def _calls(function: ast.FunctionDef) -> set[str]:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {call.id for call in calls if isinstance(call, ast.Name)}


def _guarded_names(source: str) -> set[str]:
    """The functions of a module that call the guard, themselves or by a helper of the module."""
    functions = {node.name: _calls(node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    guarded, before = {GUARD}, set[str]()
    while guarded != before:
        before = set(guarded)
        guarded |= {name for name, calls in functions.items() if calls & guarded}
    return {name for name in guarded & functions.keys() if not name.startswith("_")}


@cache
def guarded_functions() -> frozenset[str]:
    modules = [path for path in SERVICES.glob("*.py") if path.stem != "step_up"]
    return frozenset(f"{path.stem}.{name}" for path in modules for name in _guarded_names(path.read_text()))


def function_of(name: str) -> Any:
    module, _, function = name.partition(".")
    return getattr(import_module(f"services.{module}"), function)


def actor_of(person_id: int, *, proved: dt.datetime | None) -> Actor:
    return Actor("Mia", Source.PORTAL, person_id=person_id, proved_at=proved)


def test_the_guarded_acts_are_these_and_each_new_one_is_named_here() -> None:
    assert guarded_functions() == SENSITIVE | OTHERS


@pytest.mark.parametrize("name", sorted(SENSITIVE))
@pytest.mark.parametrize("minutes", [16, None])
def test_an_old_proof_is_refused_before_anything_else(
    session: Session, now: dt.datetime, name: str, minutes: int | None
) -> None:
    """Nothing that is handed in is even looked at: none of it is what the act needs."""
    act = function_of(name)
    actor = actor_of(1, proved=None if minutes is None else now - minutes * MINUTE)
    given = {each: object() for each in inspect.signature(act).parameters if each not in ("actor", "now")}
    with pytest.raises(ProofNeeded):
        act(**given, actor=actor, now=now)
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == 0
    assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 0


@pytest.mark.parametrize(("minutes", "passes"), [(0, True), (14, True), (15, True), (16, False), (-5, True)])
def test_a_proof_counts_for_fifteen_minutes(now: dt.datetime, minutes: int, passes: bool) -> None:
    actor = actor_of(1, proved=now - minutes * MINUTE)
    if passes:
        require_recent_proof(actor, now=now)
    else:
        with pytest.raises(ProofNeeded):
            require_recent_proof(actor, now=now)
    assert (now - (actor.proved_at or now) <= 15 * MINUTE) is passes


def test_what_no_person_started_has_nothing_to_prove(now: dt.datetime) -> None:
    actor = system_actor("import")
    require_recent_proof(actor, now=now)
    assert actor.proved_at is None


def test_a_new_guard_is_found(tmp_path: Path) -> None:
    source = "def act(*, actor, now):\n    _check(actor)\n\ndef _check(actor):\n    require_recent_proof(actor)\n"
    assert _guarded_names(source) == {"act"}


# Asked only under a condition


@pytest.fixture
def staff_member(session: Session) -> StaffMember:
    StaffMemberFactory(role=StaffRole.ADMINISTRATOR)
    return StaffMemberFactory(role=StaffRole.SALES)


def test_a_change_of_a_staff_role_wants_a_proof(staff_member: StaffMember, now: dt.datetime) -> None:
    with pytest.raises(ProofNeeded):
        edit_staff_member(staff_member, {"role": StaffRole.BILLING}, actor=actor_of(1, proved=None), now=now)
    assert staff_member.role is StaffRole.SALES


def test_another_name_of_staff_wants_none(staff_member: StaffMember, now: dt.datetime) -> None:
    other = actor_of(staff_member.person_id, proved=None)
    edit_staff_member(staff_member, {"person.first_name": "Sue"}, actor=other, now=now)
    assert staff_member.person.first_name == "Sue"


def changed(person: Any, sign_in_session: Any, now: dt.datetime, proved: dt.datetime | None) -> str | None:
    return change_password(
        person,
        sign_in_session,
        current=PASSWORD,
        new=ANOTHER_PASSWORD,
        actor=actor_of(person.id, proved=proved),
        now=now,
        lifetime=LIFETIME,
    )


def test_the_current_password_is_proof_enough_without_a_second_factor(session: Session, now: dt.datetime) -> None:
    person = person_who_can_sign_in()
    here = SignInSessionFactory(person=person, proved_at=now - 60 * MINUTE)
    session.commit()
    assert changed(person, here, now, None)
    session.refresh(here)
    assert here.proved_at == now


def test_the_current_password_is_no_proof_beside_a_second_factor(session: Session, now: dt.datetime) -> None:
    person = person_who_can_sign_in()
    set_time_code(person, "JBSWY3DPEHPK3PXP" * 2, now=now)
    here = SignInSessionFactory(person=person, proved_at=now - 10 * MINUTE)
    session.commit()
    before = person.password_hash
    with pytest.raises(ProofNeeded):
        changed(person, here, now, now - 16 * MINUTE)
    assert person.password_hash == before
    assert changed(person, here, now, now - 10 * MINUTE)
    session.refresh(here)
    assert here.proved_at == now - 10 * MINUTE
