"""The settings of the business over HTTP: read by auditors, changed by administrators, closed to all others."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import select

from domain.permissions import StaffRole
from domain.settings import SETTINGS
from extensions import db
from models.setting import Setting
from tests.support.desk import staff_desk
from tests.support.pages import forms_of, said_by

KEY = "/settings/sms_pause_seconds"


@pytest.fixture
def desk(app, session):
    return staff_desk(app)


def kept():
    db.session.rollback()
    return db.session.scalar(select(Setting.value).where(Setting.key == "sms_pause_seconds"))


def save(desk, value, **others):
    form = next(form for form in forms_of(desk.get(KEY)) if form.action.endswith(KEY))
    return desk.client.post(f"/staff{KEY}", data={**form.values, "value": value, **others})


def test_every_setting_stands_on_the_page_with_its_value_and_its_help(desk):
    page = html.unescape(desk.get("/settings/").get_data(as_text=True))
    for spec in SETTINGS.values():
        assert spec.label in page
        assert spec.help in page
    assert "60 seconds" in page
    assert "Differs from" not in page


def test_settings_are_found_by_all_words_of_their_labels_and_helps(desk):
    page = html.unescape(desk.get("/settings/?q=PAUSE+codes").get_data(as_text=True))
    assert "Pause between codes" in page
    assert SETTINGS["seller_city"].label not in said_by_labels(page)
    nothing = desk.get("/settings/?q=pause+zebra").get_data(as_text=True)
    assert "No setting holds these words." in nothing
    assert "Pause between codes" not in nothing


@pytest.mark.parametrize("typed", ["%00", "%25", "<script>", "x" * 5000])
def test_any_search_of_settings_is_answered(desk, typed):
    assert desk.get(f"/settings/?q={typed}").status_code == 200


def said_by_labels(page):
    """The labels of the settings on the page."""
    return [label for label in (spec.label for spec in SETTINGS.values()) if f"<strong>{label}</strong>" in page]


def test_a_change_is_kept_said_and_written_into_the_history(desk):
    answer = save(desk, "90")
    page = desk.flashed(answer)
    assert "Pause between codes: 90 seconds." in page
    assert "Differs from 60 seconds" in page
    assert "Changed settings" in page
    assert kept() == 90


def test_the_default_comes_back_by_one_button(desk):
    save(desk, "90")
    form = next(form for form in forms_of(desk.get(KEY)) if form.action.endswith("/reset"))
    answer = desk.client.post(f"/staff{KEY}/reset", data=form.values)
    assert "60 seconds again" in desk.flashed(answer)
    assert kept() is None


@pytest.mark.parametrize("typed", ["", "0", "3601", "1.5", "soon", "9" * 5000, "6\x000", "\u200f90\u200e"])
def test_what_is_no_value_is_said_at_the_field_and_kept_in_it(desk, typed):
    answer = save(desk, typed)
    assert answer.status_code == 422
    assert said_by(answer)
    assert "<title>Error: " in answer.get_data(as_text=True)
    assert kept() is None


def test_a_form_that_somebody_overtook_is_refused(desk):
    form = next(form for form in forms_of(desk.get(KEY)) if form.action.endswith(KEY))
    save(desk, "90")
    answer = desk.client.post(f"/staff{KEY}", data={**form.values, "value": "120"})
    assert answer.status_code == 409
    assert "meanwhile" in said_by(answer)[0]
    assert kept() == 90


def test_a_setting_nobody_declared_is_not_found(desk):
    for path in ("/settings/no_such", "/settings/%00", "/settings/version"):
        assert desk.get(path).status_code == 404
        assert desk.post(f"{path}/reset").status_code == 404


def test_nothing_is_changed_without_the_forms_token(desk):
    answer = desk.client.post(f"/staff{KEY}", data={"value": "90", "version": "0"})
    assert answer.status_code in (400, 403)
    assert kept() is None


def test_an_auditor_reads_and_changes_nothing(app, session):
    auditor = staff_desk(app, StaffRole.AUDITOR)
    page = auditor.get("/settings/")
    assert page.status_code == 200
    assert KEY not in page.get_data(as_text=True)
    assert auditor.get(KEY).status_code == 403
    assert auditor.post(f"{KEY}", value="90").status_code == 403
    assert auditor.post(f"{KEY}/reset").status_code == 403


@pytest.mark.parametrize("role", [StaffRole.BILLING, StaffRole.SALES, StaffRole.SUPPORT_AGENT])
def test_others_of_the_staff_are_not_let_in(app, session, role):
    other = staff_desk(app, role)
    assert other.get("/settings/").status_code == 403
    assert "/staff/settings/" not in other.get("/").get_data(as_text=True)
    assert other.post(KEY, value="90").status_code == 403
