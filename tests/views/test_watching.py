"""What machines ask: is the program ready, do jobs run, and how much is there to do?"""

from __future__ import annotations

import datetime as dt

import pytest

from jobs.clock import PULSE
from models.job import Job, JobState
from services.clock_slots import take_slot
from services.unit_of_work import unit_of_work
from tests.factories.activity import NotificationDeliveryFactory
from views.metrics import Requests

TOKEN = "a-token-of-the-tests"


def pulse(minutes_ago):
    moment = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes_ago)
    with unit_of_work():
        take_slot(PULSE, moment.replace(second=0, microsecond=0), taken_by="test", now=moment)


def test_ready_with_a_clock_that_runs(client, session):
    pulse(1)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "database": "ok", "jobs": "ok"})


def test_jobs_that_never_ran_are_told_of_and_take_nothing_out(client, session):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["jobs"] == "not running: start flask jobs"


def test_jobs_that_stand_still_are_told_of_with_the_time(client, session):
    pulse(10)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["jobs"].startswith("not running since 20")


@pytest.fixture
def watched(make_app):
    return make_app(METRICS_TOKEN=TOKEN).test_client()


def read(client, token=TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_metrics_tell_of_jobs_and_the_longest_wait(watched, session):
    moment = dt.datetime.now(dt.UTC)
    session.add(Job(kind="deliver", run_at=moment - dt.timedelta(minutes=10), created_at=moment))
    session.add(Job(kind="deliver", state=JobState.FAILED, run_at=moment, finished_at=moment, created_at=moment))
    session.flush()
    pulse(1)
    answer = read(watched)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    assert 'foyer_jobs{kind="deliver",state="failed"} 1.0' in answer.text
    assert 'foyer_jobs{kind="deliver",state="waiting"} 1.0' in answer.text
    (line,) = [line for line in answer.text.splitlines() if line.startswith("foyer_oldest_waiting_job_seconds ")]
    assert 600 <= float(line.split()[1]) < 700
    assert "foyer_clock_pulse_timestamp_seconds" in answer.text


def test_metrics_count_and_time_requests_by_endpoint(watched, session):
    assert watched.get("/healthz").status_code == 200
    assert watched.get("/no-such-page-of-anybody").status_code == 404
    text = read(watched).text
    assert 'foyer_requests_total{endpoint="health.healthz",method="GET",status="200"} 1.0' in text
    assert 'foyer_request_seconds_count{endpoint="health.healthz"} 1.0' in text
    assert 'foyer_requests_total{endpoint="none",method="GET",status="404"} 1.0' in text
    assert "no-such-page-of-anybody" not in text


def test_metrics_tell_of_messages_by_state(watched, session):
    NotificationDeliveryFactory(created_at=dt.datetime.now(dt.UTC))
    assert 'foyer_deliveries{channel="email",state="waiting"} 1.0' in read(watched).text


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \xe9", f"Bearer {TOKEN}x"]
)
def test_without_the_token_there_is_no_such_page(watched, session, header):
    assert watched.get("/metrics", headers={"Authorization": header} if header else {}).status_code == 404


@pytest.mark.parametrize("token", ["", TOKEN])
def test_without_the_setting_there_is_no_such_page_for_anybody(client, session, token):
    assert read(client, token).status_code == 404


def test_each_app_counts_for_itself():
    one, other = Requests(), Requests()
    assert one.registry is not other.registry
