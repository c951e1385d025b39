"""/metrics for Prometheus: jobs, messages to people and requests. It exists only for who knows METRICS_TOKEN."""

from __future__ import annotations

import datetime as dt
import hmac
import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from config import Settings
from jobs.clock import PULSE
from services.clock_slots import newest_slot
from services.deliveries import count_deliveries
from services.jobs import count_jobs
from views.access import public
from views.clock import now

blueprint = Blueprint("metrics", __name__)

WEEK = dt.timedelta(days=7)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Requests:
    """What this process answered: counted by method, endpoint and status, and timed."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "endpoint", "status")
        self._answers = Counter("foyer_requests", "Requests that were answered.", names, registry=self.registry)
        self._seconds = Histogram(
            "foyer_request_seconds",
            "How long an answer took, without its streaming.",
            ("endpoint",),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def begin(self) -> None:
        g.began = time.perf_counter()

    def end(self, response: Response) -> Response:
        # By endpoint, not by address: addresses hold the names of customers, and there is no end of them.
        endpoint, began = request.endpoint or "none", g.pop("began", None)
        method = request.method if request.method in _METHODS else "other"
        self._answers.labels(method, endpoint, str(response.status_code)).inc()
        if began is not None:
            self._seconds.labels(endpoint).observe(time.perf_counter() - began)
        return response


_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Queue(Collector):
    """Jobs and messages to people, read from the database when they are asked for: the same on every machine."""

    def collect(self) -> Iterator[Metric]:
        moment = now()
        counts = count_jobs(now=moment)
        jobs = GaugeMetricFamily("foyer_jobs", "Jobs in the table.", labels=["kind", "state"])
        for (kind, state), number in sorted(counts.by_kind_and_state.items()):
            jobs.add_metric([kind, state], number)
        yield jobs
        since = counts.oldest_due_since
        yield GaugeMetricFamily(
            "foyer_oldest_waiting_job_seconds",
            "For how long the longest waiting job is due; 0 when none is.",
            value=(moment - since).total_seconds() if since else 0,
        )
        messages = GaugeMetricFamily(
            "foyer_deliveries", "Messages to people of the last week.", labels=["channel", "state"]
        )
        for (channel, state), number in sorted(count_deliveries(since=moment - WEEK).items()):
            messages.add_metric([channel, state], number)
        yield messages
        pulse = newest_slot(PULSE)
        if pulse is not None:
            yield GaugeMetricFamily(
                "foyer_clock_pulse_timestamp_seconds",
                "The newest minute in which a clock was seen to run.",
                value=pulse.timestamp(),
            )


@blueprint.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """For the bearer of METRICS_TOKEN; for everybody else there is no such page."""
    settings: Settings = current_app.extensions["settings"]
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    known = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    if not token or kind.lower() != "bearer" or not known:
        abort(404)
    stored = CollectorRegistry()
    stored.register(Queue())
    requests: Requests = current_app.extensions["requests"]
    return Response(generate_latest(requests.registry) + generate_latest(stored), content_type=CONTENT_TYPE_LATEST)


def install(app: Flask) -> None:
    """Count and time every request of this app."""
    requests = Requests()
    app.extensions["requests"] = requests
    app.before_request_funcs.setdefault(None, []).insert(0, requests.begin)
    app.after_request(requests.end)
