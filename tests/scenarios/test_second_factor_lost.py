"""A member is invited, sets up time codes, loses the phone, and comes back: alone once, then with the owner's help."""

from __future__ import annotations

import datetime as dt
import re

from domain.permissions import MemberRole
from tests.factories.people import AccountFactory
from tests.support.oathtool import code_by_oathtool
from tests.support.post_office import link_in
from tests.support.somebody import Somebody
from tests.support.townspeople import DAY, MINUTE, owner_of

PASSWORD_OF_PER = "seven green bicycles"


def app_on_the_phone(secret):
    """What an authenticator app shows at this moment."""
    return code_by_oathtool(secret, dt.datetime.now(dt.UTC))


def test_per_loses_the_phone_and_comes_in_again(app, session, clock, post):
    owner_of(AccountFactory(client_id="20001", name="Fjord Telecom"), "ida@fjord.example", "Ida Berg")

    # Ida invites Per, in a hurry, and gives the role.
    ida = Somebody(app, "ida@fjord.example").signs_in()
    typed = {"person.first_name": "Per", "person.last_name": "Wik", "person.email": "per@fjord.example", "phone": "1"}
    ida.goes("/portal/20001/members/").clicks("Add member").presses("Save", **typed)
    ida.clicks("Change roles").presses("Change roles", role=[MemberRole.LICENSES])
    assert ida.sees("The roles are saved.")

    # Three days later Per takes the seat, and before anything else sees what was entered.
    clock.shift(3 * DAY)
    invitation = link_in(post.letter_to("per@fjord.example", "invites you"), "/invitations/")
    per = Somebody(app, "per@fjord.example", PASSWORD_OF_PER).goes(invitation)
    assert per.sees("Your seat at Fjord Telecom")
    per.presses("Take the seat", new_password=PASSWORD_OF_PER, repeated=PASSWORD_OF_PER)
    assert per.signs_in().path == "/first-check"
    assert per.goes("/portal/20001/licenses/").path == "/first-check"
    per.presses("These data are right", first_name="Per", last_name="Vik", phone="+47 2222 3333")
    assert per.path == "/portal/20001/"
    assert per.opens("/portal/20001/licenses/")
    assert per.goes("/portal/20001/invoices/").status == 403
    ida.signs_in().goes("/portal/20001/members/").clicks("per@fjord.example")
    assert ida.sees("Vik")
    assert ida.sees("+47 2222 3333")
    assert Somebody(app).goes(invitation).status == 404  # it worked once

    # Per sets up an authenticator app and keeps the recovery codes.
    per.goes("/portal/20001/").clicks("Your settings").clicks("Two-step verification").clicks(
        "Set up an authenticator app"
    )
    secret = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", per.page.text)[0]
    assert per.presses("Switch on", code="000000").complaints
    per.presses("Switch on", code=app_on_the_phone(secret))
    assert per.sees("Time codes are switched on.")
    codes = re.findall(r"<code>(\S+)</code>", per.answer.get_data(as_text=True))
    assert len(codes) == 10
    assert post.letter_to("per@fjord.example").subject

    # From now on the password alone is not enough.
    clock.shift(DAY)
    assert per.signs_in().path == "/sign-in/code"
    assert per.goes("/portal/20001/licenses/").path.startswith("/sign-in")
    per.signs_in()
    assert per.presses("Continue", code="123456").complaints
    assert per.presses("Continue", code=app_on_the_phone(secret)).path == "/portal/20001/licenses/"

    # The phone is gone. A recovery code lets Per in, and never again.
    clock.shift(DAY)
    per.signs_in().presses("Continue", code=codes[3])
    assert per.path == "/portal/20001/"
    assert per.goes("/settings/two-step-verification").sees("9 left")
    second = Somebody(app, "per@fjord.example", PASSWORD_OF_PER).signs_in()
    assert second.presses("Continue", code=codes[3]).complaints
    assert second.goes("/portal/20001/").path == "/sign-in"

    # Per asks Ida. She signed in long ago, so she proves who she is first; then the factor is gone.
    ida.signs_in()
    clock.shift(20 * MINUTE)
    ida.goes("/portal/20001/members/").clicks("per@fjord.example")
    assert ida.clicks("Reset 2-step verification").path == "/prove"
    assert ida.proves(password="not hers").complaints
    ida.proves().presses("Reset 2-step verification")
    assert ida.sees("2-step verification is reset.")
    assert per.goes("/portal/20001/licenses/").path == "/sign-in"
    assert "was reset" in post.letter_to("per@fjord.example", "Two-step verification").subject

    # Per signs in with the password alone, with the data and the role as they were.
    assert per.signs_in().path == "/portal/20001/licenses/"
    assert per.status == 200
    assert per.goes("/settings/two-step-verification").sees_link("Set up an authenticator app")
