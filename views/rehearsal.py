"""The billing rehearsal: what would be billed, charged, said and suspended until a day, held against last month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from domain.periods import last_of_month
from domain.permissions import P
from domain.refusals import Refusal
from panel import RealmPage, Visit
from panel.fields import DayField
from panel.form import Form
from panel.forms import errors_of
from panel.kinds import date_text
from services.rehearsing.asking import (
    ROWS_A_PAGE,
    Rehearsal,
    ask_for_rehearsal,
    is_at_work,
    last_rehearsal,
)
from services.rehearsing.report import Asked
from services.unit_of_work import unit_of_work
from views.rehearsal_words import Words

LOOKS_AGAIN_SECONDS = 3
_BYTES_AT_ONCE = 64 * 1024
_FAIL = "fail"


class RehearsalForm(Form):
    """Until when, and under which assumptions."""

    until = DayField("Until", [InputRequired("Enter the last day.")], description="At most 366 days ahead.")
    charges = SelectField(
        "Charges of stored methods",
        choices=[SelectChoice("succeed", "All go through"), SelectChoice(_FAIL, "All fail")],
        description="What a bank will answer cannot be known. Both together show what is at stake.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.charges.flags.always_chosen = True


class RehearsalPage(RealmPage):
    """Foretold by a job, because it reads every account; everybody sees their own."""

    slug, title = "rehearsal", "Billing rehearsal"
    group, icon = "Money", "calendar-range"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.STAFF_BOOKS_READ,
        "ask": P.STAFF_BOOKS_READ,
        "day": P.STAFF_BOOKS_READ,
        "sheet": P.STAFF_BOOKS_READ,
    }

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is None and visit.allows(P.STAFF_BOOKS_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Ask for one, and see what the last one foretold."""
        done = last_rehearsal(actor=self.visit.actor)
        form = RehearsalForm(formdata=None)
        today = self.hooks.now().date()
        form.until.data = done.asked.until if done and done.asked.until > today else _end_of_month(today)
        form.charges.data = _FAIL if done and not done.asked.charges_succeed else "succeed"
        return self._page(form, done, [])

    @expose("/ask", methods=("POST",))
    def ask(self) -> ResponseReturnValue:
        """Let a job foretell."""
        form = RehearsalForm()
        if not form.validate() or not isinstance(form.until.data, dt.date):
            return self._page(form, None, errors_of(form))
        asked = Asked(form.until.data, form.charges.data != _FAIL)
        try:
            with unit_of_work():
                ask_for_rehearsal(asked, actor=self.visit.actor, now=self.hooks.now())
        except Refusal as refusal:
            return self._page(form, None, [("until", refusal.message)])
        return redirect(self._url(), code=303)

    @expose("/day/<day>")
    def day(self, day: str) -> ResponseReturnValue:
        """What would happen on one day, account by account."""
        done, on, page = self._found(), _day_of(day), _page_of(request.args.get("page", "1"))
        found = next((each for each in done.found["days"] if on is not None and each[0] == on.isoformat()), None)
        if on is None or found is None:
            abort(404)
        words, pages = self._words(), -(-found[2] // ROWS_A_PAGE)
        if not 1 <= page <= pages:
            abort(404)

        def url(number: int) -> str:
            return f"{self._url()}day/{on}?{urlencode({'page': number})}" if 1 <= number <= pages else ""

        return render_template(
            "pages/rehearsal/day.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=date_text(on, self.visit.locale),
            totals=words.totals(found[3]),
            accounts=list(words.accounts(done.rows_of(on, page=page))),
            pages={
                "first": url(1) if page > 1 else "",
                "previous": url(page - 1),
                "next": url(page + 1),
                "last": url(pages) if page < pages else "",
            },
            back_url=self._url(),
        )

    @expose("/rehearsal.csv")
    def sheet(self) -> ResponseReturnValue:
        """All of it."""
        done = self._found()
        file = done.file()

        def pieces() -> Iterator[bytes]:
            with file:
                while piece := file.read(_BYTES_AT_ONCE):
                    yield piece

        answer = Response(pieces(), mimetype="text/csv; charset=utf-8")
        name = f"rehearsal-{done.at:%Y-%m-%d}-to-{done.asked.until}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _page(self, form: RehearsalForm, done: Rehearsal | None, errors: list[tuple[str, str]]) -> Response:
        at_work = is_at_work(actor=self.visit.actor)
        shown = done if done is not None and not done.refused else None
        page = render_template(
            "pages/rehearsal/rehearsal.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=self.title,
            form=form,
            errors=errors,
            at_work=at_work,
            refused=done.refused if done is not None else "",
            done=self._words().told(shown) if shown is not None else None,
            url=self._url(),
        )
        answer = make_response(page, 422 if errors else 200)
        if at_work and not errors:
            answer.headers["Refresh"] = str(LOOKS_AGAIN_SECONDS)
        return answer

    def _words(self) -> Words:
        return Words(self.visit, self._url())

    def _found(self) -> Rehearsal:
        done = last_rehearsal(actor=self.visit.actor)
        if done is None or done.refused:
            abort(404)
        return done

    def _url(self) -> str:
        return f"{self.visit.base_url}/rehearsal/"


def _end_of_month(today: dt.date) -> dt.date:
    """The end of this month, or of the next one on its last day."""
    return last_of_month(today + dt.timedelta(days=1))


def _day_of(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def _page_of(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 7 else 0
