"""One's own jobs: what is at work or was done for whoever asked, how far it is, and stopping it (UX 39)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf import FlaskForm

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence, from_kept
from extensions import db
from models import Account, Announcement, Job
from models.job import JobState
from panel import EVERYONE, RealmPage, Visit
from panel.addresses import address
from panel.resource import words
from services import asked_jobs
from services.asked_jobs import TITLES, find_asked_job, find_job
from services.jobs import AT_WORK, cancel_job
from services.unit_of_work import unit_of_work
from views.jobs import said_of_cancelled
from views.locale import chosen, flash, said
from views.moments import moment_text
from views.readers import has_own_eyes
from views.see_other import see_other
from views.tones import tone_of

_LONGEST_KEY = 40


class YourJobsPage(RealmPage):
    """The jobs that somebody asked for in this realm. Staff who may read jobs find any job here."""

    slug, title = "your-jobs", "Your jobs"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "show", "progress", "cancel"), EVERYONE)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The newest ones."""
        rows = [
            {
                "title": _title(job),
                "url": self._url(job),
                "note": said(Sentence("Asked for %(moment)s", moment=moment_text(self.visit, job.created_at))),
                "badge": _badge(job),
            }
            for job in asked_jobs.asked_jobs(self._person_id(), self.visit.owner_id)
        ]
        return self._render("pages/your_jobs/index.html", title=self.title, rows=rows)

    @expose("/<public_id>")
    def show(self, public_id: str) -> ResponseReturnValue:
        """How far it is, what it told, and where its result is."""
        return self._page("pages/your_jobs/job.html", self._job(public_id))

    @expose("/progress/<public_id>")
    def progress(self, public_id: str) -> ResponseReturnValue:
        """The same without the page around it, for the script that keeps it fresh."""
        return self._page("pages/your_jobs/_job.html", self._job(public_id))

    @expose("/<public_id>/cancel", methods=("POST",))
    def cancel(self, public_id: str) -> ResponseReturnValue:
        """Let it not begin, or stop before its next row."""
        job = self._job(public_id)
        if not self._may_cancel(job):
            abort(403)
        if not FlaskForm().validate():
            flash("This page was open too long. Try again.", "warning")
            return see_other(self._url(job))
        try:
            with unit_of_work():
                cancel_job(job, actor=self.visit.actor, now=self.hooks.now())
            flash(said_of_cancelled(job), "success")
        except Refusal as refusal:
            flash(refusal.message, "warning")
        return see_other(self._url(job))

    def _job(self, public_id: str) -> Job:
        """Own, or any for who may read them; 404 for all others."""
        wanted = public_id[:_LONGEST_KEY]
        found = find_asked_job(wanted, person_id=self._person_id(), account_id=self.visit.owner_id)
        if found is None and self._reads_all():
            found = find_job(wanted)
        if found is None:
            abort(404)
        return found

    def _person_id(self) -> int | None:
        return self.visit.actor.person_id if has_own_eyes(self.visit) else None

    def _reads_all(self) -> bool:
        return self.visit.owner_id is None and self.visit.allows(P.STAFF_JOBS_READ)

    def _retries(self) -> bool:
        return self.visit.owner_id is None and self.visit.allows(P.STAFF_JOBS_RETRY)

    def _may_cancel(self, job: Job) -> bool:
        return self._is_own(job) or self._retries()

    def _is_own(self, job: Job) -> bool:
        person_id = self._person_id()
        return person_id is not None and job.requested_by_id == person_id

    def _page(self, template: str, job: Job) -> str:
        visit, key = self.visit, address(job.public_id)
        at_work = job.state in AT_WORK
        in_list = f"{visit.base_url}/jobs/{key}"
        return self._render(
            template,
            title=_title(job),
            job=job,
            at_work=at_work,
            state=_badge(job),
            lines=[(moment_text(visit, moment), text) for moment, text in _log(job)],
            step=_log(job)[-1][1] if at_work and job.steps else "",
            trouble=self._trouble(job),
            result=_result(visit, job) if self._is_own(job) else "",
            url=self._url(job),
            progress_url=f"{visit.base_url}/{self.slug}/progress/{key}",
            cancel_url=f"{self._url(job)}/cancel" if job.can_cancel and self._may_cancel(job) else "",
            retry_url=f"{in_list}/retry" if job.can_retry and self._retries() else "",
            in_list_url=in_list if self._reads_all() else "",
            form=FlaskForm(),
        )

    def _trouble(self, job: Job) -> str:
        """Why nothing came of it. What broke is for staff to read."""
        if job.state is JobState.DONE:
            refused = (job.result or {}).get("refused", "")
            return from_kept(refused) if refused else ""
        if job.error and self._reads_all():
            return job.error
        if job.state is JobState.FAILED:
            return "This could not be done. Support can see why: ask them, or try again later."
        return ""

    def _url(self, job: Job) -> str:
        return f"{self.visit.base_url}/{self.slug}/{address(job.public_id)}"

    def _render(self, template: str, **shown: Any) -> str:
        list_url = f"{self.visit.base_url}/{self.slug}/"
        return render_template(template, layout=self.realm.layout, visit=self.visit, list_url=list_url, **shown)


def _title(job: Job) -> str:
    return said(TITLES[job.kind]) if job.kind in TITLES else words(job.kind)


def _badge(job: Job) -> dict[str, str]:
    """The state as a word with its tone; a job that was asked to stop says so."""
    if job.state is JobState.RUNNING and job.cancel_asked_at is not None:
        return {"word": said("Is stopping"), "tone": "warning"}
    return {"word": chosen(job.state), "tone": tone_of(job.state)}


def _log(job: Job) -> list[tuple[dt.datetime, str]]:
    return [(dt.datetime.fromisoformat(moment), from_kept(text)) for moment, text in job.steps or ()]


# Where each kind leaves what came of it, below the realm's address unless it begins with "/".


def _pack(visit: Visit, job: Job) -> str:
    if visit.owner_id is not None:
        return "month-packs/"
    account = db.session.get(Account, int(job.payload["account_id"]))
    return f"month-packs/?{urlencode({'account': account.client_id})}" if account is not None else ""


def _announcement(_visit: Visit, job: Job) -> str:
    announcement = db.session.get(Announcement, int(job.payload["announcement_id"]))
    return f"announcements/{address(announcement.public_id)}" if announcement is not None else ""


_RESULTS: Final[Mapping[str, tuple[Callable[[Visit, Job], str], str]]] = MappingProxyType(
    {
        asked_jobs.ANNOUNCEMENT: (_announcement, P.STAFF_ANNOUNCEMENTS_READ),
        asked_jobs.CHECK_JOB: (lambda _visit, _job: "books/", P.STAFF_BOOKS_READ),
        asked_jobs.CLOSE_JOB: (lambda _visit, _job: "books/", P.STAFF_BOOKS_READ),
        asked_jobs.DATA_EXPORT: (lambda _visit, _job: "/settings/your-data", EVERYONE),
        asked_jobs.MACRO: (lambda _visit, job: f"ticket-macros/runs/{address(job.public_id)}", P.STAFF_TICKETS_WORK),
        asked_jobs.MONTH_PACK: (_pack, P.PAYMENTS_READ),
        asked_jobs.REHEARSAL: (lambda _visit, _job: "rehearsal/", P.STAFF_BOOKS_READ),
    }
)
"""Of each kind that people ask for: where its result is, and the grant which that page needs."""


def _result(visit: Visit, job: Job) -> str:
    """The address of what came of it, if this visit may open that."""
    place, grant = _RESULTS.get(job.kind, (None, ""))
    if place is None or not visit.allows(grant):
        return ""
    found = place(visit, job)
    return found if not found or found.startswith("/") else f"{visit.base_url}/{found}"
