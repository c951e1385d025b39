"""People who can sign in, and the browser they do it with."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from models import Member, Person, StaffMember
from services.passwords import passwords
from services.sessions import Browser, Lifetime
from tests.factories.people import MemberFactory, StaffMemberFactory, StaffPersonFactory
from tests.support.pages import form_of

PASSWORD = "correct horse battery"
ANOTHER_PASSWORD = "quiet river lantern"
BROWSER = Browser(ip="192.0.2.10", user_agent="Firefox")
LIFETIME = Lifetime(idle=dt.timedelta(hours=12), absolute=dt.timedelta(days=14))


def member_who_can_sign_in(email: str = "mia@acme.example", **values: Any) -> Member:
    """A member with a password; ``values`` are of the seat, ``person__…`` of the person."""
    return MemberFactory(person__email=email, person__password_hash=passwords.make(PASSWORD), **values)


def person_who_can_sign_in(email: str = "mia@acme.example", **values: Any) -> Person:
    """The person of such a seat."""
    return member_who_can_sign_in(email, **values).person


def staff_who_can_sign_in(email: str = "sam@provider.example", **values: Any) -> StaffMember:
    """Somebody of the staff with a password."""
    person = StaffPersonFactory(email=email, password_hash=passwords.make(PASSWORD))
    return StaffMemberFactory(person=person, **values)


def csrf_token_of(client: Any, address: str = "/sign-in") -> str:
    """The token of the form on a page, which every POST of this browser needs."""
    page = client.get(address).get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, f"no form on {address}"
    return found[1]


def post_form(client: Any, address: str, *, form_on: str = "", **fields: str) -> Any:
    """Fill in the form on a page and send it, as a browser does."""
    return client.post(address, data={"csrf_token": csrf_token_of(client, form_on or address), **fields})


def sign_in_as(client: Any, email: str = "mia@acme.example", password: str = PASSWORD) -> Any:
    """Sign in by the form; give the answer."""
    return post_form(client, "/sign-in", email=email, password=password)


def check_own_data(client: Any) -> Any:
    """Confirm what was entered for an invited member, as it stands on the page of their first sign-in."""
    page = client.get("/first-check")
    assert page.status_code == 200, page.status_code
    return client.post("/first-check", data=form_of(page).values)
