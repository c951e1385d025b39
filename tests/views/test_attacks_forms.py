"""Forms that were not ours. That no address takes a POST without a token, test_route_permissions.py walks through."""

from __future__ import annotations

from sqlalchemy import select

from extensions import Base, db
from models import NotificationKind, NotificationPreference, Person
from services.unsubscribing import unsubscribe_links
from tests.support.door import csrf_token_of, member_who_can_sign_in, sign_in_as
from views.access import permission_of

# RFC 8058: mail programs have neither session nor form. What it needs is signed and stands in that mail only.
ONE_CLICK = "unsubscribing.stop"


def rows_of_everything():
    """Every row as text; when somebody was last seen is written by every click."""
    db.session.commit()
    return {
        table.name: sorted(
            repr({name: value for name, value in row._mapping.items() if name != "last_seen_at"})
            for row in db.session.execute(select(table))
        )
        for table in Base.metadata.sorted_tables
    }


def posts_of(app):
    return [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]


def test_the_one_exception_stops_one_kind_of_mail_of_one_person_and_nothing_else(app, client, session, now):
    person = session.get_one(Person, member_who_can_sign_in().person_id)
    kind = next(kind for kind in NotificationKind if kind.value != "security")
    token = unsubscribe_links.url(person, kind).rsplit("/", 1)[1]
    session.commit()
    before = rows_of_everything()
    # The last letter of a signature has bits that mean nothing, so an earlier one is changed.
    forged = f"{token[:-5]}{'A' if token[-5] != 'A' else 'B'}{token[-4:]}"
    for made_up in ("x", forged, "%00", token + "x", "x" * 5000):
        assert client.post(f"/unsubscribe/{made_up}", data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert client.get(f"/unsubscribe/{token}").status_code == 200  # looking changes nothing
    assert rows_of_everything() == before
    assert client.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 204
    after = rows_of_everything()
    changed = {name for name, rows in after.items() if rows != before[name]}
    assert changed <= {"notification_preference", "audit_event", "audit_chain"}
    assert {row.kind for row in session.scalars(select(NotificationPreference))} == {kind}


def test_only_the_one_click_what_gateways_sign_and_devices_are_excepted(app):
    exempt = app.extensions["csrf"]._exempt_views
    devices = {f"views.device_api.{act}" for act in ("activate", "check", "deactivate")}
    assert exempt == {"views.unsubscribing.stop", "views.webhooks.receive", *devices}


PUBLIC_POSTS = {
    "webhooks.receive",  # signed by the gateway (tests/views/test_webhooks.py)
    "device_api.activate",  # a license code; guesses are counted (tests/services/test_device_door.py)
    "device_api.check",  # the same
    "device_api.deactivate",  # the same
    "sign_in.sign_in_page",
    "sign_in.code_page",  # asks for the cookie of a waiting session
    "sign_in.forgot_password",
    "sign_in.reset_password",  # the token in the address
    "invitations.take_seat",  # the token in the address
    "social_sign_in.depart",
    "locale.choose_language",
    "theme.choose_theme",
    "passkeys.sign_in_options",  # a challenge that this browser's own cookie keeps, of no use to another
    "passkeys.sign_in_alone",  # the signature of a passkey over that challenge
    "passkeys.second_step_options",  # asks for the cookie of a waiting session: 404 without
    "passkeys.second_step",  # the same
    "demo_telegram.write",  # answers in the demo only
    ONE_CLICK,
}


def test_these_addresses_take_a_post_of_anybody_and_no_others(app):
    assert {rule.endpoint for rule in posts_of(app) if permission_of(app, rule.endpoint) == "public"} == PUBLIC_POSTS


def test_pages_with_secrets_are_kept_by_no_cache(client, session):
    member_who_can_sign_in(account__client_id="20001")
    sign_in_as(client)
    for address in (
        "/settings/two-step-verification/time-codes",
        "/settings/security",
        "/settings/sessions",
        "/settings/phone",
        "/settings/telegram",
        "/prove",
        "/change-password",
        "/reset-password/x",
        "/invitations/x",
        "/sign-in/code",
        "/unsubscribe/x",
    ):
        answer = client.get(address)
        assert answer.headers["Cache-Control"] == "no-store", address
        assert answer.headers["Referrer-Policy"] == "same-origin"


# Whose answer it is


def test_a_challenge_asked_for_by_one_browser_is_worth_nothing_in_another(app, client, session):
    """The challenge stands in the signed cookie of the browser: planting one's own needs our key."""
    other = app.test_client()
    options = client.post("/sign-in/passkey/options", data={"csrf_token": csrf_token_of(client)})
    assert options.status_code == 200
    answer = other.post("/sign-in/passkey", data={"csrf_token": csrf_token_of(other), "credential": "{}"})
    assert answer.status_code == 422
    forged = app.test_client()
    forged.set_cookie(app.config["SESSION_COOKIE_NAME"], "eyJwYXNza2V5X2NoYWxsZW5nZSI6IngifQ.aaaaaa.bbbbbb")
    answer = forged.post("/sign-in/passkey", data={"csrf_token": csrf_token_of(forged), "credential": "{}"})
    assert answer.status_code == 422


def test_the_second_step_of_a_passkey_asks_for_the_waiting_session(client, session):
    token = csrf_token_of(client)
    assert client.post("/sign-in/code/passkey/options", data={"csrf_token": token}).status_code == 404
    refused = client.post("/sign-in/code/passkey", data={"csrf_token": token, "credential": "{}"})
    assert (refused.status_code, refused.location) == (303, "/sign-in")
