"""Jobs over RabbitMQ or Redis: a message carries a job's public id and nothing else, and the table stays the truth.

A message is a wish to look at a job now. Whoever receives it takes the job by the same guarded UPDATE as any runner, so
a message that comes twice, late, or from another installation does no harm; and one that is lost, with the broker down
or wiped, is sent again by `send_what_is_due`. Dramatiq therefore retries nothing and keeps nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import dramatiq
from flask import Flask

from jobs.attempt import Attempts
from jobs.periodic import Periodic
from services.job_leases import take_for_sending
from services.jobs import listen_to_announcements
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.jobs")

QUEUE: Final = "foyer-jobs"
ACTOR: Final = "run_job"
# A job that was announced at its commit is given this long to be taken before it counts as lost ...
GRACE: Final = dt.timedelta(seconds=3)
# ... and this long after each further message.
SENT_AGAIN_AFTER: Final = dt.timedelta(seconds=30)
# While so many messages wait in the broker nothing is lost, only late: no more are added.
ENOUGH_MESSAGES: Final = 200
SENT_AT_ONCE: Final = 200
# How often the sender looks, and how long a worker listens before it looks whether it has to stop.
SEND_SECONDS: Final = 1.0
LISTEN_MILLISECONDS: Final = 500
_TIMEOUT_SECONDS: Final = 5


class BrokerDown(Exception):
    """The broker does not answer. Nothing is lost: jobs wait in the table."""


class MessageBroker:
    """The queue of job ids on one broker. A connection is opened with the first message, for each thread its own."""

    def __init__(self, url: str, *, queue_name: str = QUEUE) -> None:
        self.queue_name = queue_name
        self.dramatiq = _open(url)

    def send(self, public_ids: Sequence[str]) -> None:
        """Send one message for each job. BrokerDown when that fails; what was sent before stays sent."""
        for public_id in public_ids:
            message: dramatiq.Message[None] = dramatiq.Message(
                queue_name=self.queue_name, actor_name=ACTOR, args=(public_id,), kwargs={}, options={}
            )
            try:
                self.dramatiq.declare_queue(self.queue_name)
                self.dramatiq.enqueue(message)
            except Exception as error:
                raise BrokerDown(_words_of(error)) from error

    def waiting_messages(self) -> int:
        """How many messages the broker holds. BrokerDown when it does not answer."""
        broker: Any = self.dramatiq
        try:
            self.dramatiq.declare_queue(self.queue_name)
            if hasattr(broker, "get_queue_message_counts"):
                return int(broker.get_queue_message_counts(self.queue_name)[0])
            return int(broker.do_qsize(self.queue_name))
        except Exception as error:
            if hasattr(broker, "channels"):
                del broker.connection  # RabbitMQ: the next question opens another one
            raise BrokerDown(_words_of(error)) from error

    def listen(self, act: Callable[[str], object]) -> None:
        """Call ``act`` with the id in each message that a worker of this process receives."""

        def run_job(public_id: object) -> None:
            try:
                if isinstance(public_id, str):
                    act(public_id)
            except Exception:
                log.exception("a job could not be taken; it is sent again later")

        dramatiq.Actor(
            run_job, broker=self.dramatiq, actor_name=ACTOR, queue_name=self.queue_name, priority=0, options={}
        )

    def close(self) -> None:
        broker: Any = self.dramatiq
        try:
            self.dramatiq.close()
            if hasattr(broker, "client"):
                broker.client.connection_pool.disconnect()  # Dramatiq made the pool, so its client leaves that open
        except Exception:
            log.debug("the connection to the broker did not close", exc_info=True)


class Announcer:
    """Writes to the broker after commits, on a thread of its own: a broker that is down or slow holds up nobody."""

    def __init__(self, broker: MessageBroker) -> None:
        self._broker = broker
        self._waiting: queue.Queue[list[str]] = queue.Queue(maxsize=1000)
        self._lock = threading.Lock()
        self._started_in: int | None = None

    def announce(self, public_ids: list[str]) -> None:
        """Have these sent soon. With a full queue they are left to `send_what_is_due`."""
        self._start_once()
        try:
            self._waiting.put_nowait(public_ids)
        except queue.Full:
            log.debug("%d jobs are announced later", len(public_ids))

    def _start_once(self) -> None:
        with self._lock:
            if self._started_in != os.getpid():  # a forked server process needs a thread of its own
                self._started_in = os.getpid()
                threading.Thread(target=self._run, name="jobs-announcer", daemon=True).start()

    def _run(self) -> None:
        while True:
            public_ids = self._waiting.get()
            try:
                self._broker.send(public_ids)
            except BrokerDown as error:
                log.warning("the broker does not take messages; jobs are sent again later: %s", error)


def announce_by_broker(app: Flask, url: str) -> Callable[[], None]:
    """Let every commit of this app tell the broker about its new jobs; give what ends it."""
    announcer = Announcer(MessageBroker(url))
    with app.app_context():
        return listen_to_announcements(announcer.announce)


def send_what_is_due(app: Flask, broker: MessageBroker, *, now: dt.datetime) -> int:
    """Send the jobs that are due and that no message seems to be under way for; give their number.

    New ones are told by their commit. What comes here are retries and jobs of later, and those whose message was lost.
    """
    room = ENOUGH_MESSAGES - broker.waiting_messages()
    if room <= 0:
        return 0
    with app.app_context(), unit_of_work():
        public_ids = take_for_sending(
            due_before=now - GRACE, again_after=SENT_AGAIN_AFTER, limit=min(room, SENT_AT_ONCE), now=now
        )
    broker.send(public_ids)
    return len(public_ids)


class BrokerRunner:
    """Threads that take the jobs that messages name, and one that sends what is due."""

    def __init__(self, attempts: Attempts, *, url: str, threads: int, queue_name: str = QUEUE) -> None:
        self._attempts = attempts
        self._broker = MessageBroker(url, queue_name=queue_name)
        self._broker.listen(attempts.run_next)
        self._worker = dramatiq.Worker(
            self._broker.dramatiq, worker_threads=threads, worker_timeout=LISTEN_MILLISECONDS
        )
        self._sender = Periodic("jobs-sender", SEND_SECONDS, self._send)
        self._down = False

    def start(self) -> None:
        self._worker.start()
        self._broker.dramatiq.declare_queue(self._broker.queue_name)
        self._sender.start()

    def stop(self, patience: float) -> None:
        """Take no more jobs, let those in hand end for so many seconds, and give back what is then still in hand."""
        self._sender.stop()
        for thread in self._worker.workers:
            thread.stop()
        deadline = time.monotonic() + patience
        for thread in self._worker.workers:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._attempts.give_back_all()
        self._worker.stop(timeout=2000)
        self._broker.close()

    def _send(self) -> None:
        try:
            send_what_is_due(self._attempts.app, self._broker, now=self._attempts.clock())
        except BrokerDown as error:
            if not self._down:
                log.warning("the broker does not answer, jobs wait: %s", error)
            self._down = True
        else:
            if self._down:
                log.info("the broker answers again")
            self._down = False


def _open(url: str) -> dramatiq.Broker:
    """Without Dramatiq's middleware: retries, time limits and ages are matters of the table."""
    if url.startswith("amqp"):
        import pika
        from dramatiq.brokers.rabbitmq import RabbitmqBroker

        parameters = pika.URLParameters(url)
        parameters.socket_timeout = parameters.blocked_connection_timeout = _TIMEOUT_SECONDS
        parameters.stack_timeout = 2 * _TIMEOUT_SECONDS
        parameters.connection_attempts = 1
        broker = RabbitmqBroker(confirm_delivery=True, middleware=[])
        broker.parameters = parameters
        return broker
    from dramatiq.brokers.redis import RedisBroker

    # The queue is read by blocking calls of half a second: no timeout of the socket shorter than that.
    make: Any = RedisBroker
    return cast(dramatiq.Broker, make(url=_with_timeouts(url), middleware=[], namespace="foyer"))


def _with_timeouts(url: str) -> str:
    return (
        f"{url}{'&' if '?' in url else '?'}socket_connect_timeout={_TIMEOUT_SECONDS}&socket_timeout={_TIMEOUT_SECONDS}"
    )


def _words_of(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
