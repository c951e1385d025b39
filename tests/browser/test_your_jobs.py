"""A job in Chromium: seen in the header, watched while it runs, cancelled, and retried by staff (UX 39)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from extensions import db
from models import Job, Person
from models.job import JobState
from services.asked_jobs import MONTH_PACK
from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in
from tests.browser.soundness import assert_sound
from tests.factories.activity import JobFactory

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WINDOWS = pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])

OpenWindow = Callable[..., BrowserPage]


@pytest.fixture
def job(house: House) -> Job:
    """A month pack that Mia asked for, and that a runner has in hand."""
    now = dt.datetime.now(dt.UTC)
    mia = db.session.scalars(select(Person).where(Person.email == OWNER)).one()
    payload = {"account_id": house.account.id, "month": "2026-05", "in_portal": True}
    made: Job = JobFactory(
        kind=MONTH_PACK, payload=payload, requested_by=mia, created_at=now, steps=[line("The data is gathered.")]
    )
    run(made, done=1)
    return made


def line(text: str) -> list[str]:
    return [dt.datetime.now(dt.UTC).isoformat(), text]


def run(job: Job, *, done: int) -> None:
    job.state, job.progress_done, job.progress_total = JobState.RUNNING, done, 4
    job.lease_holder, job.lease_until = "a", dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    db.session.commit()


def end(job: Job, state: JobState, *, done: int = 1, error: str | None = None) -> None:
    db.session.rollback()
    db.session.refresh(job)
    job.state, job.finished_at, job.lease_until = state, dt.datetime.now(dt.UTC), None
    job.progress_done, job.error = done, error
    db.session.commit()


def follow_the_mark(page: Page) -> None:
    mark = page.get_by_role("link", name="1 of your jobs is at work")
    mark.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Month pack", exact=True).click()


@SQLITE
@WINDOWS
def test_a_job_is_watched_without_a_reload_until_its_result_is_there(
    job: Job, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/")
    follow_the_mark(page)
    status = page.locator("[data-progress] [role=status]")
    expect(status).to_contain_text("1 of 4 are done.")
    assert_sound(page)
    loaded = page.evaluate("performance.timeOrigin")
    db.session.rollback()
    job.steps = [*(job.steps or []), line("The data is packed.")]
    run(job, done=3)
    expect(status).to_contain_text("3 of 4 are done.")
    expect(status).to_contain_text("The data is packed.")
    expect(page.locator(".results li")).to_have_count(2)
    end(job, JobState.DONE, done=4)
    expect(page.get_by_role("link", name="See what came of it")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel this job")).to_have_count(0)
    assert page.evaluate("performance.timeOrigin") == loaded
    assert_sound(page)
    page.reload()
    expect(status).to_contain_text("4 of 4 are done.")
    expect(page.locator("[data-jobs]")).to_be_hidden()


@SQLITE
def test_a_job_is_cancelled_and_watched_without_script(job: Job, open_window: OpenWindow) -> None:
    window = open_window(width=360, java_script_enabled=False)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/")
    follow_the_mark(page)
    page.get_by_role("button", name="Cancel this job").click()
    expect(page.locator(".flashes")).to_contain_text("The job is asked to stop.")
    expect(page.locator("[data-progress] [role=status]")).to_contain_text("Is stopping")
    end(job, JobState.CANCELLED)
    page.get_by_role("link", name="Reload").click()
    expect(page.locator("[data-progress] [role=status]")).to_contain_text("Cancelled")
    expect(page.get_by_role("link", name="Retry")).to_have_count(0)


@SQLITE
def test_staff_retry_what_failed_in_a_dialog(job: Job, open_window: OpenWindow) -> None:
    end(job, JobState.FAILED, error="OSError: no space is left")
    window = open_window(width=1280)
    page = sign_in(window, STAFF)
    window.open(f"/staff/your-jobs/{job.public_id}")
    expect(page.get_by_role("alert")).to_contain_text("no space is left")
    assert_sound(page)
    page.get_by_role("link", name="Retry").click()
    dialog = page.get_by_role("dialog")
    assert_sound(page, opened=True)
    dialog.get_by_role("button", name="Retry").click()
    expect(page.locator(".flashes")).to_contain_text("The job is due now.")
    db.session.rollback()
    db.session.refresh(job)
    assert job.state is JobState.WAITING
