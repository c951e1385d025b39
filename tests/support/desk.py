"""People at their browsers, signed in, for tests that act over HTTP on rows of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask

from domain.permissions import MemberRole, StaffRole
from models import Account, Member, Person
from services.sessions import Browser, Lifetime, start_session
from tests.factories.people import (
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    PersonFactory,
    StaffMemberFactory,
)
from tests.support.door import csrf_token_of
from tests.support.pages import form_of, said_by


class Desk:
    """One person's browser. Addresses are below ``base``, the realm where they sit."""

    def __init__(self, app: Flask, person: Person, base: str) -> None:
        self.base, self.person = base, person
        self.client: Any = app.test_client()
        now, browser = dt.datetime.now(dt.UTC), Browser(ip="127.0.0.1")
        _row, cookie = start_session(person, browser, now=now, lifetime=Lifetime(), waits_for_second_step=False)
        self.client.set_cookie(app.config["IDENTITY_COOKIE_NAME"], cookie)
        self._token = ""

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(f"{self.base}{path}", **options)

    def post(self, path: str, **fields: Any) -> Any:
        """Send the fields as the form of a page would, with its token."""
        return self.client.post(f"{self.base}{path}", data={**fields, "csrf_token": self.token})

    @property
    def token(self) -> str:
        if not self._token:
            self._token = csrf_token_of(self.client, f"{self.base}/")
        return self._token

    def confirm(self, path: str, **fields: Any) -> Any:
        """Open the page that asks, and send its form with what was typed."""
        page = self.get(path)
        assert page.status_code == 200, (path, page.status_code, said_by(page))
        return self.client.post(f"{self.base}{path}", data={**form_of(page).values, **fields})

    def flashed(self, answer: Any) -> str:
        """What the next page says, after an answer that leads there."""
        assert answer.status_code == 303, (answer.status_code, said_by(answer))
        return str(self.client.get(answer.location).get_data(as_text=True))


def member_desk(app: Flask, account: Account, *roles: MemberRole, **values: Any) -> Desk:
    """A member of the account with these roles; with MemberRole.OWNER the owner."""
    if MemberRole.OWNER in roles:
        member = OwnerFactory(account=account, **values)
    else:
        member = MemberFactory(account=account, **values)
        for role in roles:
            MemberRoleGrantFactory(member=member, role=role)
    return seat(app, member)


def seat(app: Flask, member: Member) -> Desk:
    return Desk(app, member.person, f"/portal/{member.account.client_id}")


def staff_desk(app: Flask, role: StaffRole = StaffRole.ADMINISTRATOR) -> Desk:
    return Desk(app, StaffMemberFactory(role=role).person, "/staff")


def managed_member(account: Account, *, address: str = "mia@acme.example", **values: Any) -> Member:
    """A member whose identity the account manages."""
    person = PersonFactory(email=address, managed_by=account, first_name="Mia", last_name="Marsh")
    return MemberFactory(account=account, person=person, **values)
