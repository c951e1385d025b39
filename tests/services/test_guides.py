"""The guides that come with Foyer: each role has one, and what a guide names exists, so that none of them grows old."""

from __future__ import annotations

import pytest
from PIL import Image

from domain.permissions import (
    MEMBER_GRANTS,
    STAFF_GRANTS,
    MemberRole,
    P,
    StaffRole,
    grants_logged_in_as,
    grants_of_member,
    grants_of_staff,
)
from services import guides
from services.catalogs import TEMPLATE, catalog, read_catalog
from services.guides import EVERYBODY, FOLDER, PORTAL, STAFF, GuideNotReadable, guide, guides_of, own_guides
from services.guides import readable_guides as readable
from views.guides import names_of_adding

PICTURES = FOLDER.parent / "static" / "img" / "guides"
SIZE = (1200, 750)  # as templates/pages/library/guide.html says
LANGUAGES = sorted(folder.name for folder in FOLDER.iterdir())
WRITTEN = sorted((file.parent.parent.name, file.parent.name, file.stem) for file in FOLDER.glob("*/*/*.md"))


def as_written(realm, role, language="en"):
    return guide(realm, role, language, named=str)


def pictures():
    return {step.picture for written in WRITTEN for step in as_written(*written[1:], written[0]).steps if step.picture}


def test_every_role_has_a_guide_and_every_file_is_the_guide_of_a_role():
    expected = {(PORTAL, role) for role in (EVERYBODY, *MemberRole)} | {
        (STAFF, role) for role in (EVERYBODY, *StaffRole)
    }
    assert {(realm, role) for language, realm, role in WRITTEN if language == "en"} == expected
    assert {(realm, role) for _language, realm, role in WRITTEN} == expected


@pytest.mark.parametrize(("language", "realm", "role"), WRITTEN)
def test_a_guide_is_short_and_whole(language, realm, role):
    found = as_written(realm, role, language)
    assert (found.realm, found.role, found.language) == (realm, role, language)
    assert found.title
    assert 40 < len(found.lead) < 250
    assert "*" not in found.lead  # it stands on a card, as plain text
    assert 5 <= len(found.steps) <= 8
    assert all(step.title and 40 < len(step.text) < 500 for step in found.steps)
    assert any(step.picture for step in found.steps)
    assert all(step.alt for step in found.steps if step.picture)


@pytest.mark.parametrize(("language", "realm", "role"), WRITTEN)
def test_what_a_guide_puts_in_bold_stands_on_a_screen(language, realm, role):
    named = []
    guide(realm, role, language, named=lambda name: named.append(name) or name)
    messages = {each.id for each in read_catalog(TEMPLATE) if isinstance(each.id, str) and not each.context}
    assert named
    assert [name for name in named if name not in messages | names_of_adding()] == []


def test_every_picture_that_a_guide_shows_is_there_in_its_size_and_no_other():
    assert {file.name for file in PICTURES.iterdir()} == pictures()
    for file in PICTURES.iterdir():
        with Image.open(file) as picture:
            assert (picture.format, picture.size) == ("WEBP", SIZE), file.name


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_guide_in_another_language_has_the_pictures_and_names_of_the_english_one(language):
    for written_in, realm, role in WRITTEN:
        if written_in == language:
            english, other = as_written(realm, role), as_written(realm, role, language)
            assert [step.picture for step in other.steps] == [step.picture for step in english.steps], role
            for ours, theirs in zip(english.steps, other.steps, strict=True):
                assert set(names(theirs.text)) == set(names(ours.text)), (role, theirs.title)


@pytest.mark.parametrize(("language", "realm", "role"), [each for each in WRITTEN if each[2] != EVERYBODY])
def test_a_guide_has_the_name_of_its_role_as_the_screen_says_it(language, realm, role):
    roles = MemberRole if realm == PORTAL else StaffRole
    assert as_written(realm, role, language).title == catalog(language).choice(roles.__name__, roles(role))


def names(text):
    return guides._NAME.findall(text)


def test_a_name_is_said_as_it_stands_on_the_readers_screen_and_the_rest_is_left():
    found = guide(PORTAL, "billing", "en", named=lambda name: f"<{name}>")
    assert "Press **<Download PDF>**." in found.steps[2].text
    assert found.title == "Billing"


def test_a_language_without_guides_reads_them_in_english():
    assert as_written(PORTAL, "owner", "en-XA").language == "en"


@pytest.mark.parametrize(
    ("realm", "role"), [(PORTAL, "auditor"), (STAFF, "owner"), ("api", EVERYBODY), (PORTAL, "../x")]
)
def test_there_is_no_guide_for_what_is_no_role_of_the_realm(realm, role):
    assert as_written(realm, role) is None


@pytest.mark.parametrize("role", MemberRole)
def test_a_member_reads_the_guide_of_their_role_first(role):
    assert own_guides(PORTAL, grants_of_member([role])) == [role, EVERYBODY]


@pytest.mark.parametrize("role", StaffRole)
def test_staff_read_the_guide_of_their_role_first(role):
    assert own_guides(STAFF, grants_of_staff(role)) == [role, EVERYBODY]


def test_nobody_reads_of_what_they_may_not_do():
    for realm, table, granted in ((PORTAL, MEMBER_GRANTS, grants_of_member), (STAFF, STAFF_GRANTS, grants_of_staff)):
        for role in table:
            held = granted([role] if realm == PORTAL else role)
            assert set(readable(realm, held)) - {EVERYBODY} == {other for other in table if table[other] <= held}


def test_owners_and_administrators_read_all_and_who_holds_two_roles_reads_both():
    assert readable(PORTAL, grants_of_member([MemberRole.OWNER])) == guides_of(PORTAL)
    assert readable(STAFF, frozenset(P)) == guides_of(STAFF)
    both = grants_of_member([MemberRole.PAYMENTS, MemberRole.TICKETS])
    assert own_guides(PORTAL, both) == ["payments", "tickets", EVERYBODY]
    assert "billing" in readable(PORTAL, both)
    assert readable(PORTAL, grants_of_member([])) == [EVERYBODY]


def test_staff_logged_in_as_an_owner_are_not_told_what_they_cannot_do_there():
    assert "owner" not in readable(PORTAL, grants_logged_in_as([MemberRole.OWNER]))


@pytest.mark.parametrize(
    "text", ["", "# Only a title", "Words\n\n# Title\n\n## Step", "# One\n\n## Step\n\n# Two", "## Step"]
)
def test_a_file_that_is_no_guide_is_named(tmp_path, monkeypatch, text):
    monkeypatch.setattr(guides, "FOLDER", tmp_path)
    (tmp_path / "en-XB" / PORTAL).mkdir(parents=True)
    (tmp_path / "en-XB" / PORTAL / "owner.md").write_text(text)
    with pytest.raises(GuideNotReadable, match=r"owner\.md"):
        as_written(PORTAL, "owner", "en-XB")
    guides._read.cache_clear()
