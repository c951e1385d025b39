"""The guides on the help pages: whose they are, who may open which, and the reader's words in them."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import ArticleKind
from services.catalogs import catalog
from services.guides import EVERYBODY, guide, guides_of
from tests.factories.catalogue import ResourceArticleFactory
from tests.factories.people import AccountFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


def title_of(realm, role):
    return guide(realm, role, "en", named=str).title


def listed(desk):
    """What the help page lists, as (realm, role), in its order."""
    answer = desk.get("/help/")
    assert answer.status_code == 200
    start = f"{desk.base}/help/guides/"
    return [tuple(url.removeprefix(start).split("/")) for _, url in page_of(answer).links if url.startswith(start)]


@pytest.mark.parametrize("role", MemberRole)
def test_a_member_finds_and_reads_the_guide_of_their_role(app, account, role):
    desk = member_desk(app, account, role)
    assert listed(desk)[:2] == [("portal", role), ("portal", EVERYBODY)]
    page = page_of(desk.get(f"/help/guides/portal/{role}"))
    assert title_of("portal", role) in page.text
    assert guide("portal", role, "en", named=str).steps[0].title in page.text


@pytest.mark.parametrize("role", StaffRole)
def test_every_colleague_finds_and_reads_the_guide_of_their_role(app, session, role):
    desk = staff_desk(app, role)
    assert listed(desk)[:2] == [("staff", role), ("staff", EVERYBODY)]
    assert title_of("staff", role) in page_of(desk.get(f"/help/guides/staff/{role}")).text


@pytest.mark.parametrize("role", StaffRole)
def test_every_colleague_reads_what_members_are_told_and_what_was_written_for_them(app, session, role):
    ours = ResourceArticleFactory(kind=ArticleKind.GUIDE, title="The first call", body="Lift the receiver.").public_id
    desk = staff_desk(app, role)
    for name in guides_of("portal"):
        assert ("portal", name) in listed(desk)
        assert desk.get(f"/help/guides/portal/{name}").status_code == 200
    assert ("The first call", f"{desk.base}/help/{ours}") in page_of(desk.get("/help/")).links
    assert "Lift the receiver." in page_of(desk.get(f"/help/{ours}")).text


def test_a_member_without_a_role_reads_what_everybody_does(app, account):
    desk = member_desk(app, account)
    assert listed(desk) == [("portal", EVERYBODY)]
    assert desk.get(f"/help/guides/portal/{EVERYBODY}").status_code == 200


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_the_guide_of_a_role_that_may_more_is_refused(app, account, role):
    assert member_desk(app, account, role).get("/help/guides/portal/owner").status_code == 403


@pytest.mark.parametrize("role", [role for role in StaffRole if role is not StaffRole.ADMINISTRATOR])
def test_only_administrators_read_the_guide_of_administrators(app, session, role):
    assert staff_desk(app, role).get("/help/guides/staff/administrator").status_code == 403


@pytest.mark.parametrize("path", ["staff/auditor", "staff/everybody", "portal/nobody", "api/owner", "portal/%00"])
def test_for_members_there_is_no_guide_of_the_back_office_nor_of_what_is_no_role(app, account, path):
    assert member_desk(app, account, MemberRole.OWNER).get(f"/help/guides/{path}").status_code == 404


def test_a_guide_says_the_names_on_the_readers_screen_and_that_it_is_in_english(app, account):
    desk = member_desk(app, account, MemberRole.OWNER)
    text = desk.get("/help/guides/portal/tickets").get_data(as_text=True)
    assert "<strong>Add ticket</strong>" in text
    assert "It is shown in English." not in text
    desk.person.language = "en-XA"
    db.session.commit()
    text = desk.get("/help/guides/portal/tickets").get_data(as_text=True)
    accents = catalog("en-XA")
    assert f"<strong>{accents.gettext('Add %(noun)s') % {'noun': accents.inside('Ticket')}}</strong>" in text
    assert accents.say("This guide is not written in your language yet. It is shown in English.") in text


def test_the_pictures_of_a_guide_are_served(app, account):
    desk = member_desk(app, account, MemberRole.TICKETS)
    text = desk.get("/help/guides/portal/tickets").get_data(as_text=True)
    pictures = re.findall(r'src="([^"]+[.]webp[^"]*)"', text)
    assert len(pictures) == 3
    for picture in pictures:
        with closing(desk.client.get(picture)) as answer:
            assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    for name in ("nothing.webp", "..%2fguides", "%00"):
        assert desk.get(f"/help/guides/pictures/{name}").status_code == 404


def test_a_search_looks_through_the_guides_too(app, account):
    desk = member_desk(app, account, MemberRole.OWNER)
    links = [url for _, url in page_of(desk.get("/help/?q=release+versions")).links if "/guides/" in url]
    assert links == [f"{desk.base}/help/guides/portal/release_manager"]
    assert "/guides/" not in desk.get("/help/?kind=tutorial").get_data(as_text=True)
    assert "/guides/" not in desk.get("/resources-centre/").get_data(as_text=True)


def test_the_help_menu_of_the_back_office_leads_to_guides_and_tutorials(app, session):
    desk = staff_desk(app, StaffRole.BILLING)
    links = dict(page_of(desk.get("/")).links)
    assert desk.client.get(links["Guides"]).status_code == 200
    assert desk.client.get(links["Video tutorials"]).status_code == 200
    assert "Resources centre" not in links
    assert "Ask support" not in links
