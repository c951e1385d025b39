"""The resources centre and the help menu: what staff write, and what members find of it (SPEC E10)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import ArticleKind, ResourceArticle
from tests.factories.catalogue import ResourceArticleFactory
from tests.factories.people import AccountFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of, said_by

CENTRE = ("article", "story", "webinar", "video")
HELP = ("guide", "tutorial")
TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


@pytest.fixture
def pieces(session):
    """One published piece of each kind, by its kind."""
    return {
        kind.value: ResourceArticleFactory(
            kind=kind, title=f"The {kind.value}", summary=f"About the {kind.value}.", body=f"First of {kind.value}."
        ).public_id
        for kind in ArticleKind
    }


@pytest.fixture
def member(app, account):
    """A member without any role."""
    return member_desk(app, account)


def titles(desk, path):
    """The titles of the pieces that a page lists, as they are linked."""
    answer = desk.get(path)
    assert answer.status_code == 200
    base = f"{desk.base}{path.partition('?')[0]}"
    return [label for label, url in page_of(answer).links if url.startswith(base) and label.startswith("The ")]


def test_the_resources_centre_shows_its_four_kinds_and_the_help_pages_theirs(member, pieces):
    assert titles(member, "/resources-centre/") == [f"The {kind}" for kind in CENTRE]
    assert titles(member, "/help/") == [f"The {kind}" for kind in HELP]


@pytest.mark.parametrize("role", [None, *MemberRole])
def test_every_member_reads_them(app, account, pieces, role):
    desk = member_desk(app, account, *([role] if role else []))
    for page, kinds in (("resources-centre", CENTRE), ("help", HELP)):
        for kind in kinds:
            text = page_of(desk.get(f"/{page}/{pieces[kind]}")).text
            assert f"About the {kind}." in text
            assert f"First of {kind}." in text


def test_the_help_menu_leads_to_guides_tutorials_and_resources(app, account, pieces):
    desk = member_desk(app, account, MemberRole.TICKETS)
    links = dict(page_of(desk.get("/")).links)
    assert titles(desk, links["Guides"].removeprefix(desk.base)) == ["The guide"]
    assert titles(desk, links["Video tutorials"].removeprefix(desk.base)) == ["The tutorial"]
    assert links["Resources centre"] == f"{desk.base}/resources-centre/"
    assert desk.client.get(links["Ask support"]).status_code == 200


def test_who_may_open_no_ticket_is_not_led_to_one(member):
    labels = [label for label, _url in page_of(member.get("/")).links]
    assert "Guides" in labels
    assert "Ask support" not in labels


def test_the_newest_of_a_kind_come_first_and_all_of_them_stand_on_a_page_of_their_own(member):
    for day in range(1, 9):
        ResourceArticleFactory(title=f"The {day}", published_on=dt.date(2026, 3, day))
    newest = [f"The {day}" for day in range(8, 0, -1)]
    assert titles(member, "/resources-centre/") == newest[:6]
    page = page_of(member.get("/resources-centre/"))
    whole = next(url for label, url in page.links if label == "See all: Articles")
    assert titles(member, whole.removeprefix(member.base)) == newest


def test_a_search_looks_through_titles_and_summaries(member, pieces):
    ResourceArticleFactory(title="The codecs of 100% of phones", summary="Which one to choose.")
    assert titles(member, "/resources-centre/?q=CODECS+choose") == ["The codecs of 100% of phones"]
    assert titles(member, "/resources-centre/?q=100%25") == ["The codecs of 100% of phones"]
    assert titles(member, "/resources-centre/?q=webinar&kind=webinar") == ["The webinar"]
    assert titles(member, "/help/?q=codecs") == []
    for strange in ("%00", "x" * 5000, "%25", "'"):
        assert "Nothing found" in page_of(member.get(f"/help/?q={strange}nothing")).text
    assert len(titles(member, "/resources-centre/?kind=guide")) == len(CENTRE) + 1  # a kind that is not here


@pytest.mark.parametrize(
    "values",
    [
        {"is_published": False},
        {"published_on": TODAY + dt.timedelta(days=2)},
        {"kind": ArticleKind.GUIDE},
    ],
)
def test_what_is_not_published_yet_or_stands_elsewhere_is_not_found(member, values):
    piece = ResourceArticleFactory(title="The secret", **values).public_id
    assert titles(member, "/resources-centre/") == []
    assert member.get(f"/resources-centre/{piece}").status_code == 404


@pytest.mark.parametrize("name", ["nothing", "%00", "x" * 300])
def test_a_piece_that_never_was_is_not_found(member, name):
    assert member.get(f"/help/{name}").status_code == 404


def test_a_text_has_its_paragraphs_and_a_link_leads_to_what_stands_elsewhere(member):
    piece = ResourceArticleFactory(
        kind=ArticleKind.VIDEO, body="One.\r\n\r\nTwo <b>bold</b>.", url="https://videos.example.com/1", language="de"
    ).public_id
    answer = member.get(f"/resources-centre/{piece}")
    page, text = page_of(answer), answer.get_data(as_text=True)
    assert ("Watch", "https://videos.example.com/1") in page.links
    assert text.count('class="library-text"') == 2
    assert "Two &lt;b&gt;bold&lt;/b&gt;." in text
    assert "German" in page.text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://videos.example.com/1", "data:text/html,x", "https://"])
def test_an_address_that_is_no_page_is_never_a_link(app, member, url):
    piece = ResourceArticleFactory(url=url).public_id
    assert url not in [link for _label, link in page_of(member.get(f"/resources-centre/{piece}")).links]
    desk = staff_desk(app)
    assert desk.confirm(f"/resources/{piece}/edit", title="Other").status_code == 303  # it may stay, unlinked
    answer = desk.confirm("/resources/new", kind="video", title="New", url=f"{url}/new", language="en")
    assert said_by(answer) == ["Enter the whole address, like https://videos.example.com/first-steps."]
    assert db.session.scalar(select(ResourceArticle.id).where(ResourceArticle.title == "New")) is None


def test_staff_write_a_piece_and_members_read_it_from_its_day_on(app, member):
    desk = staff_desk(app)
    typed = {"kind": "guide", "title": "The first call", "body": "Lift the receiver.", "language": "en"}
    assert desk.confirm("/resources/new", **typed).status_code == 303
    assert titles(member, "/help/") == []
    piece = db.session.scalars(select(ResourceArticle.public_id)).one()
    assert desk.confirm(f"/resources/{piece}/edit", is_published="y").status_code == 303
    assert titles(member, "/help/") == ["The first call"]
    assert db.session.scalars(select(ResourceArticle.published_on)).one() == TODAY


def test_a_piece_needs_a_text_or_an_address(app, session):
    answer = staff_desk(app).confirm("/resources/new", kind="video", title="Empty", language="en")
    assert said_by(answer) == ["Write the text, or enter the address of what is to be read or watched."]


def test_staff_without_the_right_write_nothing(app, pieces):
    assert staff_desk(app, StaffRole.SALES).get("/resources/").status_code == 403
    auditor = staff_desk(app, StaffRole.AUDITOR)
    assert auditor.get("/resources/").status_code == 200
    assert auditor.get("/resources/new").status_code == 403
    assert auditor.get(f"/resources/{pieces['guide']}/edit").status_code == 403
