"""Updates of the bot on their way in: by one process at a time, once each, whatever Telegram or the database does."""

from __future__ import annotations

import datetime as dt
import logging

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from extensions import db
from integrations.telegram import Bot, TelegramNotReachable
from integrations.telegram_stand_in import RETRY_AFTER, TelegramStandIn
from jobs import telegram as telegram_jobs
from jobs.registry import BEATS, load_handlers
from jobs.senders import outgoing_of, talk_by_telegram
from jobs.telegram import ChatPoller
from models import (
    DeliveryState,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
    TelegramPoller,
    TelegramUpdate,
)
from services.deliveries import JOB as DELIVER
from services.notifications import tell
from services.telegram_bindings import blocked_at, connected_chat
from services.telegram_updates import KEPT_FOR, LEASE, NUMBERS_GO_ON, forget_old_updates, next_update, take_poll
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, TelegramBindingFactory
from tests.factories.support import TelegramUpdateFactory
from tests.support.chatting import code_for
from tests.support.due_jobs import run_due_jobs
from tests.support.together import all_at_once

TOKEN = "1:a-token-of-the-tests"
CHAT = 7001
SECOND = dt.timedelta(seconds=1)


class Time:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def stand_in():
    house = TelegramStandIn(TOKEN)
    house.start()
    yield house
    house.stop()


@pytest.fixture
def app(app, stand_in):
    """The program, talking with the stand-in meanwhile."""
    outgoing = outgoing_of(app)
    before = dict(outgoing.senders)
    talk_by_telegram(app, Bot(TOKEN, "foyer_bot", stand_in.url))
    yield app
    outgoing.bot, outgoing.senders = None, before


@pytest.fixture
def time(now):
    return Time(now)


@pytest.fixture
def poller(app, session, time):
    return ChatPoller(app, clock=time, wait=0)


def poll(poller):
    db.session.commit()
    taken = poller.poll()
    db.session.rollback()
    return taken


def taken():
    return db.session.scalar(select(func.count()).select_from(TelegramUpdate))


def replies():
    chats = select(NotificationDelivery).where(NotificationDelivery.channel == NotificationChannel.TELEGRAM)
    return db.session.scalars(chats.order_by(NotificationDelivery.id)).all()


def test_what_was_sent_is_committed_and_then_asked_past(poller, stand_in, now):
    person = MemberFactory().person
    stand_in.press_start(CHAT, code_for(person, now=now))
    assert poll(poller) == 1
    assert connected_chat(person) is not None
    assert stand_in.waiting == 1  # Telegram keeps it until it is asked past
    assert poll(poller) == 0
    assert stand_in.waiting == 0


def test_the_bots_answer_leaves_by_the_outbox(poller, stand_in, now):
    stand_in.write(CHAT, "Hello")
    poll(poller)
    assert stand_in.texts(CHAT) == []
    run_due_jobs(DELIVER, now=now)
    assert stand_in.texts(CHAT)[0].startswith("This chat is not connected.")


@pytest.mark.parametrize("fault", ["broken", "nonsense", "answer_lost"])
def test_after_a_fault_of_telegram_everything_is_there(poller, stand_in, time, fault, caplog):
    stand_in.write(CHAT, "Hello")
    stand_in.command(fault)
    with caplog.at_level(logging.WARNING):
        assert poll(poller) == 0
        assert poll(poller) == 0  # it rests
    assert caplog.text.count("out of reach") == 1
    assert TOKEN not in caplog.text
    time.now += 5 * SECOND
    assert poll(poller) == 1


def test_pauses_grow_while_telegram_is_away_and_end_with_the_first_answer(poller, stand_in, time, caplog):
    for pause in (5, 10, 20, 40, 80, 120, 120):
        stand_in.command("broken")
        poll(poller)
        asked = len(stand_in.asked)
        time.now += (pause - 1) * SECOND
        poll(poller)
        assert len(stand_in.asked) == asked
        time.now += SECOND
    poll(poller)
    assert len(stand_in.asked) == asked + 1
    assert caplog.text.count("out of reach") == 1
    stand_in.write(CHAT, "Hello")
    assert poll(poller) == 1


def test_the_wait_that_telegram_asks_for_is_kept(poller, app, time):
    class Busy:
        asked = 0

        def updates(self, *, offset, wait):
            self.asked += 1
            raise TelegramNotReachable("429 Too Many Requests", pause=dt.timedelta(seconds=90))

    busy = Busy()
    bot = outgoing_of(app).bot
    outgoing_of(app).bot = type(bot)(bot.key, bot.username, busy, bot.link)
    poll(poller)
    time.now += 89 * SECOND
    poll(poller)
    assert busy.asked == 1
    time.now += SECOND
    poll(poller)
    assert busy.asked == 2


def test_updates_that_come_twice_are_taken_once(poller, stand_in):
    stand_in.write(CHAT, "Hello")
    stand_in.command("twice")
    assert [poll(poller), poll(poller), poll(poller)] == [1, 0, 0]
    assert (taken(), len(replies())) == (1, 1)


def test_an_update_that_we_stumble_over_is_taken_said_and_holds_nobody_up(poller, stand_in, monkeypatch, caplog):
    def stumbles(update, **_named):
        if update.text == "Hello":
            raise KeyError("a mistake of ours")
        return original(update, **_named)

    original = telegram_jobs.receive_update
    monkeypatch.setattr(telegram_jobs, "receive_update", stumbles)
    stand_in.write(CHAT, "Hello")
    stand_in.write(CHAT + 1, "Good morning")
    with caplog.at_level(logging.ERROR):
        assert poll(poller) == 2
    assert "could not be handled" in caplog.text
    first, second = replies()
    assert first.text.startswith("Something went wrong here, and nothing was kept.")
    assert second.text.startswith("This chat is not connected.")
    assert poll(poller) == 0


def test_what_the_database_refuses_is_a_mistake_and_what_it_cannot_do_now_is_not(poller, stand_in, monkeypatch):
    def refuses(*_given, **_named):
        raise IntegrityError("INSERT", {}, Exception("a constraint"))

    def away(*_given, **_named):
        raise OperationalError("SELECT 1", {}, Exception("the database is away"))

    stand_in.write(CHAT, "Hello")
    with monkeypatch.context() as patch:
        patch.setattr(telegram_jobs, "receive_update", away)
        with pytest.raises(OperationalError):
            poll(poller)
    db.session.rollback()
    assert taken() == 0
    with monkeypatch.context() as patch:
        patch.setattr(telegram_jobs, "receive_update", refuses)
        assert poll(poller) == 1
    assert taken() == 1


def test_where_files_cannot_be_kept_the_update_stays(poller, stand_in, monkeypatch):
    def full(*_given, **_named):
        raise OSError("no space left")

    stand_in.write(CHAT, "Hello")
    with monkeypatch.context() as patch:
        patch.setattr(telegram_jobs, "receive_update", full)
        with pytest.raises(OSError, match="no space"):
            poll(poller)
    assert poll(poller) == 1


# One process at a time


def test_another_process_does_not_ask_while_one_does(app, poller, stand_in, time):
    other = ChatPoller(app, clock=time, wait=0)
    poll(poller)
    stand_in.write(CHAT, "Hello")
    assert poll(other) == 0
    assert poll(poller) == 1


def test_whoever_stops_hands_over_at_once_and_whoever_dies_after_a_minute(app, poller, stand_in, time):
    other, third = ChatPoller(app, clock=time, wait=0), ChatPoller(app, clock=time, wait=0)
    poll(poller)
    poller._running = True
    poller.stop()
    stand_in.write(CHAT, "Hello")
    assert poll(other) == 1
    stand_in.write(CHAT, "Hello")
    time.now += LEASE - SECOND
    assert poll(third) == 0
    time.now += SECOND + dt.timedelta(seconds=15)
    assert poll(third) == 1


def test_who_lost_the_lease_takes_nothing_more(app, poller, stand_in, time, now):
    stand_in.write(CHAT, "Hello")

    class Slow:
        def updates(self, *, offset, wait):
            time.now += LEASE
            with unit_of_work():
                assert take_poll("1", "another", now=time.now)
            return bot.gateway.updates(offset=offset, wait=wait)

    bot = outgoing_of(app).bot
    outgoing_of(app).bot = type(bot)(bot.key, bot.username, Slow(), bot.link)
    assert poll(poller) == 0
    assert taken() == 0


def test_of_several_who_want_to_ask_at_once_one_does(session, app, now):
    def take(number):
        with unit_of_work():
            return take_poll("1", f"process {number}", now=now)

    assert sorted(all_at_once(take, times=4)) == [False, False, False, True]
    assert session.scalar(select(func.count()).select_from(TelegramPoller)) == 1


def test_bots_are_asked_apart(session, app, now):
    with unit_of_work():
        assert take_poll("1", "one", now=now)
        assert take_poll("2", "another", now=now)


# From which number on


def test_what_is_asked_past_is_what_was_taken_by_this_bot_lately(session, now):
    assert next_update("1", now=now) is None
    TelegramUpdateFactory(bot="1", update_id=50, taken_at=now)
    TelegramUpdateFactory(bot="2", update_id=99, taken_at=now)
    assert next_update("1", now=now) == 51
    assert next_update("1", now=now + NUMBERS_GO_ON) is None  # after a week Telegram begins anywhere


def test_lower_numbers_after_a_silent_week_are_taken(poller, stand_in, time, now):
    TelegramUpdateFactory(bot="1", update_id=2**40, taken_at=now - NUMBERS_GO_ON)
    stand_in.write(CHAT, "Hello")
    assert poll(poller) == 1


def test_what_can_not_come_again_is_forgotten(session, now):
    TelegramUpdateFactory(taken_at=now - KEPT_FOR - SECOND)
    kept = TelegramUpdateFactory(taken_at=now - KEPT_FOR)
    session.commit()
    with unit_of_work():
        assert forget_old_updates(now=now) == 1
    assert session.scalars(select(TelegramUpdate)).all() == [kept]
    load_handlers()
    assert {"forget_old_updates", "forget_old_dialogues"} <= set(BEATS)


# Beside the program


def test_without_a_bot_nothing_is_asked(keep_app):
    poller = ChatPoller(keep_app())
    poller.start()
    assert not poller._running
    assert poller.poll() == 0
    poller.stop()


def test_it_runs_beside_the_program_and_stops(app, session, stand_in):
    poller = ChatPoller(app, wait=1)
    poller.start()
    stand_in.write(CHAT, "Hello")
    deadline = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20)
    while not taken() and dt.datetime.now(dt.UTC) < deadline:
        db.session.rollback()
    poller.stop()
    assert taken() == 1
    db.session.rollback()
    assert db.session.scalars(select(TelegramPoller.held_by)).all() == [None]


# What leaves


def test_a_message_waits_as_long_as_telegram_wants_and_goes_out(app, session, stand_in, now):
    person = MemberFactory().person
    TelegramBindingFactory(person=person, chat_id=CHAT)
    tell(person, "password_changed", now=now, kind=NotificationKind.TICKET_REPLIES)
    stand_in.command("too_many")
    run_due_jobs(DELIVER, now=now)
    [row] = replies()
    assert (row.state, row.next_try_at) == (DeliveryState.WAITING, now + dt.timedelta(seconds=RETRY_AFTER))
    run_due_jobs(DELIVER, now=now + dt.timedelta(seconds=RETRY_AFTER))
    [row] = replies()
    assert (row.state, row.remote_id) == (DeliveryState.SENT, str(stand_in.messages(CHAT)[-1].number))


def test_while_telegram_is_away_nothing_is_lost(app, session, stand_in, now):
    person = MemberFactory().person
    TelegramBindingFactory(person=person, chat_id=CHAT)
    stand_in.command("broken", 2)
    tell(person, "password_changed", now=now, kind=NotificationKind.TICKET_REPLIES)
    for minutes in (0, 1, 6):
        run_due_jobs(DELIVER, now=now + dt.timedelta(minutes=minutes))
    assert len(stand_in.texts(CHAT)) == 1


def test_a_blocked_bot_ends_the_binding_by_the_job(app, session, stand_in, now):
    person = MemberFactory().person
    TelegramBindingFactory(person=person, chat_id=CHAT)
    stand_in.command("blocked")
    tell(person, "password_changed", now=now, kind=NotificationKind.TICKET_REPLIES)
    run_due_jobs(DELIVER, now=now)
    assert (connected_chat(person), blocked_at(person)) == (None, now)
