"""RabbitMQ and Redis carry ids of jobs. Nothing is lost when they are wiped or down: the table is the truth."""

from __future__ import annotations

import datetime as dt
import secrets
import socket
import threading
from collections import Counter

import pytest
from flask import current_app
from sqlalchemy import select, update

from domain.jobs import RetryPolicy
from extensions import db
from jobs.attempt import Attempts
from jobs.broker import (
    ENOUGH_MESSAGES,
    GRACE,
    SENT_AGAIN_AFTER,
    Announcer,
    BrokerDown,
    BrokerRunner,
    MessageBroker,
    send_what_is_due,
)
from models.job import Job, JobState
from services.jobs import enqueue, listen_to_announcements
from services.unit_of_work import unit_of_work
from tests.support.runner_process import wait_for
from tests.support.surroundings import RABBITMQ, RABBITMQ_URL, REDIS, REDIS_URL

PATIENCE = 60


@pytest.fixture(params=["rabbitmq", "redis"])
def url(request):
    """The address of a real broker, or a skipped test."""
    found, address = {"rabbitmq": (RABBITMQ, RABBITMQ_URL), "redis": (REDIS, REDIS_URL)}[request.param]
    found.require()
    return address


@pytest.fixture
def queue(url):
    """A queue of this test alone, gone afterwards."""
    name = f"foyer-test-{secrets.token_hex(6)}"
    yield name
    wipe(url, name)


@pytest.fixture
def broker(url, queue):
    made = MessageBroker(url, queue_name=queue)
    yield made
    made.close()


@pytest.fixture
def announced(session, broker):
    """Commits of the test tell the broker, as those of the program do."""
    end = listen_to_announcements(Announcer(broker).announce)
    yield
    end()


@pytest.fixture
def start(session, url, queue, monkeypatch):
    """Start a runner on the broker; one that stops with the test.

    It is less patient than those of an installation: a message counts as lost sooner, the sender and the workers look
    more often. So they get in each other's way more, and no test waits for seconds in which nothing happens.
    """
    monkeypatch.setattr("jobs.broker.GRACE", dt.timedelta(milliseconds=200))
    monkeypatch.setattr("jobs.broker.SEND_SECONDS", 0.1)
    monkeypatch.setattr("jobs.broker.LISTEN_MILLISECONDS", 50)
    started = []

    def start_one(address=url, threads=4):
        attempts = Attempts(current_app._get_current_object(), lease=dt.timedelta(minutes=1))
        runner = BrokerRunner(attempts, url=address, threads=threads, queue_name=queue)
        started.append(runner)
        runner.start()
        return runner

    yield start_one
    for runner in started:
        runner.stop(patience=20)


def wipe(url, queue):
    """Remove the queue and all its messages, as losing the broker's disk does."""
    if url.startswith("amqp"):
        import pika

        connection = pika.BlockingConnection(pika.URLParameters(url))
        for name in (queue, f"{queue}.DQ", f"{queue}.XQ"):
            connection.channel().queue_delete(name)
        connection.close()
    else:
        import redis

        client = redis.Redis.from_url(url)
        for key in client.scan_iter(f"*{queue}*"):
            client.delete(key)
        client.close()


def dead_address(url):
    """An address of the same kind where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"{url.partition(':')[0]}://127.0.0.1:{taken.getsockname()[1]}/0"


def moment():
    return dt.datetime.now(dt.UTC)


def ask_now(kind, count=1):
    """Ask for jobs, committed; give their public ids."""
    with unit_of_work():
        return [enqueue(kind, {"number": number}, now=moment()).public_id for number in range(count)]


def states():
    with unit_of_work():
        return Counter(db.session.scalars(select(Job.state)))


def all_done(count):
    return lambda: states() == {JobState.DONE: count}


@pytest.fixture
def counted(kinds):
    """A kind of job that counts how often each number was done."""
    done, lock = Counter(), threading.Lock()

    @kinds.handler("count")
    def count(job):
        with lock:
            done[job.payload["number"]] += 1

    return done


def test_jobs_that_were_announced_are_done_once_each(counted, announced, start):
    start(threads=8)
    ask_now("count", 100)
    wait_for(all_done(100), patience=PATIENCE)
    assert counted == Counter(range(100))


def test_a_program_with_a_broker_tells_it_of_its_commits(session, make_app, kinds, now, monkeypatch, url):
    sent, told = [], threading.Event()
    monkeypatch.setattr(MessageBroker, "send", lambda _broker, ids: (sent.append(ids), told.set()))
    app = make_app(BROKER_URL=url)
    with app.app_context(), unit_of_work():
        public_id = enqueue("count", {}, now=now).public_id
    assert told.wait(30)
    assert sent == [[public_id]]


def test_the_message_carries_the_id_and_nothing_else(counted, broker, monkeypatch):
    sent = []
    monkeypatch.setattr(broker.dramatiq, "enqueue", sent.append)
    broker.send(["abc"])
    (message,) = sent
    assert (message.args, message.kwargs, message.options) == (("abc",), {}, {})


def test_a_closed_broker_leaves_no_connection_to_redis_open():
    import redis

    REDIS.require()
    name = f"foyer-test-{secrets.token_hex(6)}"
    broker = MessageBroker(f"{REDIS_URL}?client_name={name}", queue_name=name)
    with redis.Redis.from_url(REDIS_URL) as watcher:

        def connections():
            return [each for each in watcher.client_list() if each["name"] == name]

        assert broker.waiting_messages() == 0
        assert connections()
        broker.close()
        wait_for(lambda: not connections(), patience=PATIENCE)


def test_a_message_that_comes_twice_late_or_from_elsewhere_does_no_harm(counted, broker, session, start):
    ids = ask_now("count", 3)
    broker.send([*ids, *ids, "of-another-house", *ids])
    start()
    wait_for(all_done(3), patience=PATIENCE)
    broker.send(ids)
    wait_for(lambda: broker.waiting_messages() == 0, patience=PATIENCE)
    assert counted == Counter(range(3))


def test_the_sender_repeats_what_a_wiped_broker_lost(counted, announced, broker, start, url, queue):
    ask_now("count", 20)
    wait_for(lambda: broker.waiting_messages() == 20, patience=PATIENCE)
    wipe(url, queue)
    assert broker.waiting_messages() == 0
    start()
    wait_for(all_done(20), patience=PATIENCE)
    assert counted == Counter(range(20))


def test_a_running_worker_survives_the_loss_of_its_queue(counted, announced, start, url, queue):
    start()
    ask_now("count", 5)
    wait_for(all_done(5), patience=PATIENCE)
    wipe(url, queue)
    ask_now("count", 5)
    wait_for(all_done(10), patience=PATIENCE)
    assert sum(counted.values()) == 10


def test_messages_are_repeated_after_a_while_and_not_before(counted, session, broker):
    ask_now("count", 2)
    app, now = current_app._get_current_object(), moment()
    assert send_what_is_due(app, broker, now=now) == 0  # the commit has told of them: wait a little
    later = now + GRACE + dt.timedelta(seconds=1)
    assert send_what_is_due(app, broker, now=later) == 2
    assert send_what_is_due(app, broker, now=later + SENT_AGAIN_AFTER / 2) == 0
    assert send_what_is_due(app, broker, now=later + SENT_AGAIN_AFTER * 2) == 2


def test_a_broker_with_many_messages_gets_no_more(counted, session, broker):
    ask_now("count")
    broker.send([f"number-{number}" for number in range(ENOUGH_MESSAGES)])
    later = moment() + dt.timedelta(hours=1)
    assert send_what_is_due(current_app._get_current_object(), broker, now=later) == 0


def test_a_retry_comes_through_the_broker_when_its_pause_is_over(kinds, announced, start):
    tries = []

    @kinds.handler("unsteady", retry=RetryPolicy(first_pause=dt.timedelta(0)))
    def unsteady(job):
        tries.append(job.attempt)
        if job.attempt == 1:
            raise ConnectionError("once")

    start()
    ask_now("unsteady")
    wait_for(all_done(1), patience=PATIENCE)
    assert tries == [1, 2]


def test_a_broker_that_is_down_holds_up_no_commit_and_loses_no_job(counted, session, url):
    down = MessageBroker(dead_address(url))
    end = listen_to_announcements(Announcer(down).announce)
    try:
        ask_now("count", 3)
        assert states() == {JobState.WAITING: 3}
        with pytest.raises(BrokerDown):
            send_what_is_due(current_app._get_current_object(), down, now=moment() + dt.timedelta(hours=1))
    finally:
        end()
    # Nothing was marked as sent: the first moment the broker answers again is good enough.
    assert set(session.scalars(select(Job.lease_until))) == {None}


def test_jobs_asked_for_while_the_broker_was_down_are_done_when_it_is_back(counted, session, start):
    ask_now("count", 10)  # nobody was told
    start()
    wait_for(all_done(10), patience=PATIENCE)
    assert counted == Counter(range(10))


def test_a_runner_starts_and_stops_while_the_broker_is_down(counted, start, url):
    runner = start(dead_address(url))
    ask_now("count")
    runner.stop(patience=5)
    assert states() == {JobState.WAITING: 1}


def test_a_job_whose_message_was_taken_by_a_worker_that_died_is_sent_again(counted, session, start):
    (public_id,) = ask_now("count")
    with unit_of_work():  # what the sweeper leaves behind, with the message long acknowledged
        session.execute(update(Job).where(Job.public_id == public_id).values(attempts=1, run_at=moment()))
    start()
    wait_for(all_done(1), patience=PATIENCE)
    assert counted == Counter([0])
