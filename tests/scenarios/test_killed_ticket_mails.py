"""Messages of tickets, while whoever mails them is killed again and again and the mail server comes and goes.

A thousand and fifty kills in a whole sweep, otherwise fewer: each point of a mail is still met twice.

What `test_killed_mail.py` shows of ready mails by chance is aimed at here: the runner dies while the recipient is named,
between the text and its answer, between the answer and its commit. The server answers "later", loses connections after the
text, and is away in between; meanwhile people go on writing. Each message reaches everybody who takes part and did not
write it. What comes twice carries the same Message-ID, by which the receiver tells that the two are one (SPEC F7).
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
import time
from collections import Counter, defaultdict

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from domain.permissions import StaffRole
from extensions import db
from models import Discussion, ParticipantPart
from models.job import Job, JobState
from models.notification import DeliveryState, NotificationDelivery
from services.messages import write_message
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, MemberFactory, StaffMemberFactory
from tests.factories.support import DiscussionFactory, TicketFactory, TicketParticipantFactory
from tests.support.forked_runners import ForkedRunners
from tests.support.rough_smtp import Point, RoughSmtp
from tests.support.runner_process import wait_for
from tests.support.sweeps import WHOLE, size

pytestmark = pytest.mark.slow

MESSAGES, KILLS, TICKETS = size(1000, 300), size(50, 18), 20
WRITTEN_BEFORE = size(200, 120)  # the others between the kills
# Kills while nobody listens.
AWAY = (range(8, 11), range(22, 24), range(37, 40)) if WHOLE else (range(4, 5), range(8, 9), range(13, 14))
THREADS = 4
AGENT, OUTSIDER = "agent@provider.example", "partner@elsewhere.example"


@pytest.fixture
def runners(session, database, tmp_path):
    made: list[ForkedRunners] = []
    smtp = RoughSmtp(kill=lambda: made[0].kill()).start()
    made.append(
        ForkedRunners(
            database.url,
            tmp_path,
            kinds="tests.support.impatient_deliveries",
            lease_seconds=2,
            JOBS_THREADS=str(THREADS),
            MAIL_SERVER="127.0.0.1",
            MAIL_PORT=str(smtp.port),
            MAIL_USE_TLS="false",
            MAIL_TIMEOUT_SECONDS="1",
        )
    )
    yield made[0], smtp
    smtp.stop()
    made[0].close()


class Writers:
    """A member and an agent who answer each other in twenty tickets; a fifth of them has an outsider in copy."""

    def __init__(self):
        account = AccountFactory(client_id="10001")
        member = MemberFactory(account=account, person__email="ann@acme.example")
        agent = StaffMemberFactory(person__email=AGENT, role=StaffRole.ADMINISTRATOR)
        self.actors = (
            Actor("Ann", Source.PORTAL, person_id=member.person_id, member_id=member.id, account_id=account.id),
            Actor("Agent", Source.STAFF, person_id=agent.person_id, staff_member_id=agent.id),
        )
        self.discussions, self.expected, self.numbers = [], set(), itertools.count()
        for number in range(TICKETS):
            ticket = TicketFactory(account=account)
            TicketParticipantFactory(ticket=ticket, person=member.person, part=ParticipantPart.OPENER)
            TicketParticipantFactory(ticket=ticket, person=agent.person, part=ParticipantPart.ASSIGNEE)
            if number % 5 == 0:
                TicketParticipantFactory(ticket=ticket, person=None, email=OUTSIDER, part=ParticipantPart.COPIED)
            self.discussions.append(DiscussionFactory(ticket=ticket).id)
        db.session.commit()

    def write(self, count):
        now = dt.datetime.now(dt.UTC)
        with unit_of_work():
            for number in itertools.islice(self.numbers, count):
                discussion = db.session.get_one(Discussion, self.discussions[number % TICKETS])
                by_agent = number // TICKETS % 2
                values = {"title": f"Message {number}", "body": f"This is message No. {number}."}
                write_message(discussion, values, actor=self.actors[by_agent], now=now)
                self.expected.add((number, "ann@acme.example" if by_agent else AGENT))
                if number % TICKETS % 5 == 0:
                    self.expected.add((number, OUTSIDER))


def states():
    with unit_of_work():
        return Counter(db.session.scalars(select(NotificationDelivery.state)))


def arrived_at(smtp):
    """(message, recipient) -> the Message-IDs it came with."""
    found = defaultdict(list)
    for (_sender, recipients), mail in zip(smtp.envelopes, smtp.taken, strict=True):
        [address] = recipients
        [number] = re.findall(r"This is message No\. (\d+)\.", mail.get_body(("plain",)).get_content())
        found[int(number), address].append(str(mail["Message-ID"]))
    return found


def kill_at_all_points(runners, smtp, writers):
    """Let all runners live and die: most at a point of a mail, some at any moment, and some with no server there."""
    dice, points = random.Random(6), itertools.cycle(Point)
    for number in range(KILLS):
        away = any(number in range_ for range_ in AWAY)
        if away == smtp.is_up:
            smtp.stop() if away else smtp.start()
        runners.start()
        writers.write((MESSAGES - WRITTEN_BEFORE) // KILLS)
        if away or number % 7 == 0:
            time.sleep(dice.uniform(0.05, 0.5))
            runners.kill()
            continue
        smtp.arm(next(points), after=dice.randrange(8))
        wait_for(lambda: not runners.lives(), what=f"kill {number}")
        assert not smtp.is_armed, runners.said()[-4000:]
    if not smtp.is_up:
        smtp.start()


def test_no_message_is_lost_and_what_comes_twice_says_so(session, runners):
    runners, smtp = runners
    writers = Writers()
    for _ in range(WRITTEN_BEFORE // 40):
        writers.write(40)
    kill_at_all_points(runners, smtp, writers)
    runners.start()
    wait_for(lambda: set(states()) == {DeliveryState.SENT}, what="the last mail")
    runners.stop()

    assert next(writers.numbers) == MESSAGES
    assert runners.deaths == KILLS
    assert min(smtp.troubles.values()) > size(10, 4), smtp.troubles
    arrived = arrived_at(smtp)
    assert set(arrived) == writers.expected
    assert {key: len(set(ids)) for key, ids in arrived.items()} == dict.fromkeys(writers.expected, 1)
    # No two mails share one, and each is the one that was written with its message.
    assert len({ids[0] for ids in arrived.values()}) == len(arrived)
    sent = session.execute(select(NotificationDelivery.address, NotificationDelivery.message_id)).all()
    assert sorted(sent) == sorted((address, ids[0]) for (_number, address), ids in arrived.items())
    # Some were really in doubt, and no more than were in hand when a runner died or the connection was lost.
    twice = len(smtp.taken) - len(arrived)
    assert 0 < twice <= KILLS * THREADS + smtp.troubles["lost and kept"]
    assert not session.scalars(select(Job).where(Job.kind == "deliver", Job.state == JobState.FAILED)).all()
