"""The months of the business, counted from statements on the real database."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from jobs.business_figures import count
from jobs.registry import BEATS, JobContext
from models import Job, JobState
from services.business_figures import FIGURES_JOB, count_business, last_business_figures
from tests.factories.people import AccountFactory
from tests.services.money import fund, issued


def test_invoices_payments_and_debts_stand_in_their_months(session: Session, now: dt.datetime) -> None:
    earlier = now - dt.timedelta(days=45)
    one, other = AccountFactory(currency="USD"), AccountFactory(currency="USD")
    issued(one, earlier, net=10_000)
    fund(one, 4_000, now)
    fund(other, 9_900, now)
    found = count_business(now=now)
    (figures,) = found["currencies"]
    assert figures["currency"] == "USD"
    assert found["months"][-1] == f"{now:%Y-%m}"
    place = found["months"].index(f"{earlier:%Y-%m}")
    assert figures["invoiced"][place] == 10_000
    assert figures["received"][-1] == 13_900
    assert (figures["owed"][place], figures["owed"][-1]) == (10_000, 6_000)


def test_the_clock_keeps_them_as_the_result_of_its_job(session: Session, now: dt.datetime) -> None:
    assert last_business_figures() is None
    issued(AccountFactory(currency="EUR"), now, net=500)
    session.commit()
    result = count(JobContext(1, FIGURES_JOB, {}, now))
    session.add(Job(kind=FIGURES_JOB, state=JobState.DONE, run_at=now, created_at=now, finished_at=now, result=result))
    session.commit()
    kept = last_business_figures()
    assert kept is not None
    assert kept[0] == now
    assert kept[1].currencies["EUR"].invoiced[-1] == 500
    assert BEATS[FIGURES_JOB].every == dt.timedelta(hours=1)
