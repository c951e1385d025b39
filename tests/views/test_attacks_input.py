"""What an attacker types: it is refused in plain words, and not a row has changed."""

from __future__ import annotations

import io
import re
import struct
import zlib

import pytest
from PIL import Image
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import Base, db
from models import NotificationDelivery
from tests.factories.people import AccountFactory, PersonFactory
from tests.support.desk import Desk, member_desk
from tests.support.door import PASSWORD, csrf_token_of, member_who_can_sign_in, post_form, sign_in_as
from tests.support.due_jobs import RESET_LINK, run_due_jobs
from tests.support.pages import said_by

FOREIGN = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example\n",
    "javascript:alert(1)",
    "http:evil.example",
    "evil.example",
    "/" + "x" * 3000,
    "https://localhost@evil.example/",
    "/\r\nLocation: https://evil.example",
)


def rows_of_everything():
    """Every row as text, but for sessions: when somebody was last seen is written by every click."""
    db.session.commit()
    return {
        table.name: sorted(repr(tuple(row)) for row in db.session.execute(select(table)))
        for table in Base.metadata.sorted_tables
        if table.name != "sign_in_session"
    }


@pytest.fixture
def owner(app, session) -> Desk:
    account = AccountFactory(client_id="20001", country="US")
    return member_desk(app, account, MemberRole.OWNER, person=PersonFactory(email="owner@acme.example"))


# Addresses


@pytest.mark.parametrize(
    "typed",
    [
        "owner@acme.example",
        "Owner@ACME.example",
        "  OWNER@acme.EXAMPLE ",
        "ｏｗｎｅｒ@acme.example",
        "ｏｗｎｅｒ＠ａｃｍｅ．ｅｘａｍｐｌｅ",
        "оwner@acme.example",
        "owner@аcme.example",
        "new@acme.example, other@acme.example",
        "new@acme.example;other@acme.example",
        "new@acme.example other@acme.example",
        "new@acme.example\r\nBcc: other@acme.example",
        "new@acme.example\nother@acme.example",
        "new@acme.example\x00",
        '"new"@acme.example',
        "New <new@acme.example>",
        "new@[127.0.0.1]",
        "new@localhost",
        "@acme.example",
        "new@",
        "x" * 5000 + "@acme.example",
    ],
)
def test_nobody_is_invited_by_an_address_that_is_another_or_several(owner, typed):
    page = owner.get("/members/new")
    assert page.status_code == 200
    before = rows_of_everything()
    sent = {"email": typed, "first_name": "Eve", "last_name": "Evil", "portal_access": "y"}
    refused = owner.post("/members/new", **sent)
    assert refused.status_code in (409, 422), refused.status_code
    assert said_by(refused)
    assert rows_of_everything() == before


@pytest.mark.parametrize("address", ["/sign-in", "/forgot-password"])
@pytest.mark.parametrize("typed", ["mia@acme.example\r\nBcc: eve@evil.example", "mia@acme.example,eve@evil.example"])
def test_no_mail_goes_to_a_second_address(client, session, address, typed):
    member_who_can_sign_in()
    answer = post_form(client, address, email=typed, password=PASSWORD)
    assert answer.status_code in (200, 422)
    run_due_jobs(RESET_LINK)
    assert session.scalars(select(NotificationDelivery)).all() == []


# Pictures


def png_of(width: int, height: int) -> bytes:
    """The head of a picture of this size, with hardly any content: what decoders are lured by."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def real_png() -> bytes:
    written = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(written, "PNG")
    return written.getvalue()


PICTURES = {
    "nothing": b"",
    "text": b"hello",
    "html": b"<html><script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "wide": png_of(30_000, 10),
    "large": png_of(30_000, 30_000),
    "truncated": real_png()[:2000],
    "only a head": real_png()[:20],
    "too many bytes": real_png() + b"\0" * (6 * 1024 * 1024),
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_no_picture_or_too_large_is_refused_and_the_old_one_stays(owner, name):
    def send(content: bytes, called: str = "me.png"):
        fields = {"csrf_token": owner.token, "picture": (io.BytesIO(content), called)}
        return owner.client.post("/settings/profile/picture", data=fields, content_type="multipart/form-data")

    assert send(real_png()).status_code == 303
    before = rows_of_everything()
    refused = send(PICTURES[name], "../../../etc/passwd.png")
    assert refused.status_code in (413, 422), refused.status_code
    assert said_by(refused) or "large" in refused.text
    assert rows_of_everything() == before
    assert owner.client.get(f"/avatars/{owner.person.public_id}").status_code == 200


# Networks


@pytest.mark.parametrize(
    "typed",
    [
        "203.0.113.0/24",
        "::ffff:203.0.113.7",
        "::/0",  # holds no IPv4 address
        "2001:db8::/32",
        "127.0.0.1/33",
        "127.0.0.1/-1",
        "127.0.0.1/255.0.0.0",
        "127.0.0.1/0.0.0.255",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "127.0.0.1, 10.0.0.0/8",
        "fe80::1%eth0",
        "١٢٧.0.0.1",
        "localhost",
        "127.0.0.1\n",
        "*",
        "",
    ],
)
def test_a_list_of_networks_never_locks_out_who_saves_it(owner, typed):
    token = owner.token  # its page notes that somebody was here
    before = rows_of_everything()
    answer = owner.client.post("/settings/networks", data={"csrf_token": token, "cidr": typed})
    if typed.strip() == "127.0.0.1":
        assert answer.status_code in (303, 422)
    else:
        assert answer.status_code in (409, 422), answer.status_code
        assert said_by(answer)
        assert rows_of_everything() == before
    assert owner.client.get("/settings/networks").status_code == 200


# Ways away from here


def leads_astray(answer):
    """Addresses in the page that are not paths of ours; a path may carry what was typed, and leads nowhere by it."""
    found = re.findall(r'(?:href|action|formaction|src|content)="([^"]*evil[^"]*)"', answer.text)
    return [address for address in found if not re.match(r"/[a-z]", address)]


@pytest.mark.parametrize("wanted", FOREIGN)
def test_next_never_leads_away(app, session, wanted):
    member_who_can_sign_in(account__client_id="20001")
    client = app.test_client()
    query = {"next": wanted}
    sent = {"csrf_token": csrf_token_of(client), "email": "mia@acme.example", "password": PASSWORD}
    entered = client.post("/sign-in", query_string=query, data=sent)
    assert (entered.status_code, entered.location) == (303, "/portal/20001/")
    assert client.get("/sign-in", query_string=query).location == "/portal/20001/"
    assert leads_astray(client.get("/prove", query_string=query)) == []
    proof = {"csrf_token": csrf_token_of(client, "/prove"), "password": PASSWORD}
    assert client.post("/prove", query_string=query, data=proof).location == "/portal/20001/"
    for address in ("/sign-in/with/acme", "/sign-in/passkey", "/sign-in/code/passkey", "/sign-in/code"):
        other = app.test_client()
        answer = other.post(address, query_string=query, data={"csrf_token": csrf_token_of(other), "credential": "{}"})
        assert "evil.example" not in (answer.location or "")
        assert leads_astray(answer) == []
    thief = {"Referer": "https://evil.example/x", "Accept": "text/html"}
    assert leads_astray(client.get("/prove", headers=thief)) == []


def test_the_theme_leads_back_to_a_page_of_ours_only(client, session):
    for came_from in ("https://evil.example/", "//evil.example", "http://localhost.evil.example/x"):
        answer = client.post(
            "/theme", data={"csrf_token": csrf_token_of(client), "theme": "dark"}, headers={"Referer": came_from}
        )
        assert "evil" not in (answer.location or "")


# Whose host


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost@evil.example", "localhost:80:x", ""]
)
@pytest.mark.parametrize(
    "address", ["/sign-in", "/forgot-password", "/invitations/x", "/reset-password/x", "/settings/"]
)
def test_a_request_for_another_host_is_turned_away(client, session, address, host):
    answer = client.get(address, headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_other_headers_that_name_a_host_stand_in_no_mail(client, session):
    member_who_can_sign_in()
    sent = {"csrf_token": csrf_token_of(client), "email": "mia@acme.example"}
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "Origin": "https://evil.example"}
    client.post("/forgot-password", data=sent, headers=headers)
    sign_in_as(client)
    run_due_jobs(RESET_LINK)
    mails = session.scalars(select(NotificationDelivery)).all()
    assert mails
    assert not any("evil.example" in mail.text + (mail.html or "") for mail in mails)
