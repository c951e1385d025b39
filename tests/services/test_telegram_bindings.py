"""A chat is connected by a code that the portal shows, once, for ten minutes, and by nobody who only guesses."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from domain.permissions import MemberRole
from extensions import cipher
from integrations.mail import Answer, Outcome
from integrations.telegram_updates import Update
from models import (
    AccountStatus,
    AuditEvent,
    DeliveryState,
    Job,
    MemberStatus,
    Notification,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
    SignInAttempt,
    TelegramBinding,
    TelegramDialogue,
)
from services.audit import write_waiting_events
from services.deliveries import Step, TextIsGone, deliver, retry_delivery
from services.notifications import tell
from services.outgoing import Outgoing
from services.people import NotWhileLoggedInAs, remove_second_factors
from services.sign_in import person_as_actor
from services.step_up import ProofNeeded
from services.telegram_bindings import (
    CODE_LENGTH,
    CODE_LIVES,
    ChatConnected,
    NoChatConnected,
    begin_binding,
    blocked_at,
    connected_chat,
    learn_of_chat,
    person_of_chat,
    unbind_chat,
)
from services.telegram_dialogues import begin_ticket
from services.telegram_outbox import ChatSender
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, MemberRoleGrantFactory, StaffMemberFactory
from tests.factories.support import TicketTypeFactory
from tests.support.chat_house import send_all
from tests.support.chatting import Chat, code_for
from tests.support.door import BROWSER
from tests.support.together import all_at_once

MINUTE = dt.timedelta(minutes=1)
WRONG = "This code is not right, or it does not work any more. Let the portal show you a new one, and send that."


@pytest.fixture
def mia(session):
    member = MemberFactory()
    MemberRoleGrantFactory(member=member, role=MemberRole.TICKETS)
    return member.person


@pytest.fixture
def chat(session, now):
    return Chat(7001, now)


def actor_of(person, now, **values):
    return replace(person_as_actor(person, BROWSER), proved_at=now, **values)


def binding(session):
    return session.scalars(select(TelegramBinding).execution_options(populate_existing=True)).one_or_none()


def events(session):
    write_waiting_events()
    return session.scalars(select(AuditEvent.event).order_by(AuditEvent.id)).all()


def mails(session):
    mail = select(NotificationDelivery.event).where(NotificationDelivery.channel == NotificationChannel.EMAIL)
    return session.scalars(mail.order_by(NotificationDelivery.id)).all()


# Connecting


def test_a_code_connects_the_chat_it_comes_from_and_the_person_is_told(session, now, mia, chat):
    chat.connects(mia)
    assert person_of_chat(7001) == mia
    assert connected_chat(mia).name == "@mia"
    assert events(session) == ["person.telegram_bound"]
    assert mails(session) == ["telegram_connected"]
    [notice] = session.scalars(select(Notification))
    assert (notice.person_id, notice.mandatory, "@mia" in notice.body) == (mia.id, True, True)


@pytest.mark.parametrize("written", ["{}", "/start {}", "/start@foyer_bot {}", " {} "])
def test_a_code_may_come_alone_or_by_the_link(session, now, mia, chat, written):
    assert "is connected" in chat.says(written.format(code_for(mia, now=now)))


def test_a_code_may_be_typed_by_hand(session, now, mia, chat):
    assert "is connected" in chat.says(code_for(mia, now=now).upper().replace("-", " "))


def test_a_code_is_kept_as_a_keyed_hash_and_fits_a_link(session, now, mia):
    code = code_for(mia, now=now)
    plain = code.replace("-", "")
    row = binding(session)
    assert len(plain) == CODE_LENGTH
    assert set(code) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert (row.chat_id, row.code_hash) == (None, cipher.digest(f"telegram code|{plain}"))
    assert plain not in repr(row.__dict__)


def test_a_code_works_once(session, now, mia, chat):
    code = code_for(mia, now=now)
    chat.says(code)
    assert (binding(session).code_hash, binding(session).code_expires_at) == (None, None)
    with unit_of_work():
        unbind_chat(mia, actor=actor_of(mia, now), now=now)
    assert chat.says(code) == WRONG


def test_a_code_works_for_ten_minutes(session, now, mia, chat):
    code = code_for(mia, now=now)
    chat.now = now + CODE_LIVES
    assert chat.says(code) == WRONG
    chat.now = now + CODE_LIVES - dt.timedelta(seconds=1)
    assert "is connected" in chat.says(code)


def test_a_newer_code_makes_the_older_one_worthless(session, now, mia, chat):
    old = code_for(mia, now=now)
    code_for(mia, now=now)
    assert chat.says(old) == WRONG


def test_a_code_wants_a_recent_proof_and_is_not_made_by_staff_in_a_members_place(session, now, mia):
    with pytest.raises(ProofNeeded):
        begin_binding(mia, actor=actor_of(mia, now - dt.timedelta(hours=1)), now=now)
    with pytest.raises(NotWhileLoggedInAs):
        begin_binding(mia, actor=actor_of(mia, now, on_behalf_of_id=mia.id), now=now)
    assert session.scalar(select(func.count()).select_from(TelegramBinding)) == 0


def test_one_person_has_one_chat(session, now, mia, chat):
    chat.connects(mia)
    with pytest.raises(ChatConnected):
        code_for(mia, now=now)


def test_one_chat_has_one_person(session, now, mia, chat):
    chat.connects(mia)
    other = MemberFactory().person
    assert chat.says(f"/start {code_for(other, now=now)}") == ChatConnected.message
    assert person_of_chat(7001) == mia
    assert connected_chat(other) is None


def test_of_several_chats_with_the_same_code_one_is_connected(session, now, mia):
    code = code_for(mia, now=now)
    said = all_at_once(lambda number: Chat(8000 + number, now).says(code), times=4)
    assert sorted("is connected" in str(each) for each in said) == [False, False, False, True], said
    assert binding(session).chat_id in range(8000, 8004)
    assert events(session).count("person.telegram_bound") == 1


def test_a_chat_that_sends_two_codes_at_once_gets_one_person(session, now, mia):
    codes = [code_for(mia, now=now), code_for(MemberFactory().person, now=now)]
    all_at_once(lambda number: Chat(7001, now).says(codes[number]), times=2)
    bound = select(func.count()).select_from(TelegramBinding).where(TelegramBinding.chat_id == 7001)
    assert session.scalar(bound) == 1


def test_the_name_of_a_chat_is_no_address(session, now, mia):
    Chat(7001, now, name="Win at https://evil.example/<b>\n" + "x" * 300).connects(mia)
    name = connected_chat(mia).name
    assert not {":", "/", ".", "<", "\n"} & set(name)
    assert len(name) <= 120


# Strangers


@pytest.mark.parametrize("text", ["Hello", "/start", "/tickets", "/stop", "/new", "' OR 1=1 --", "/answer T-1 x"])
def test_a_stranger_is_told_how_to_connect_and_nothing_else(session, now, mia, chat, text):
    assert chat.says(text).startswith("This chat is not connected. Sign in at ")


def test_a_wrong_code_says_the_same_as_one_of_somebody_who_may_not_come_in(session, now, mia, chat):
    code = code_for(mia, now=now)
    mia.disabled_at = now
    assert chat.says(code) == chat.says("aaaa-bbbb-cccc") == WRONG


@pytest.mark.parametrize(
    "end", [{"status": MemberStatus.DISABLED}, {"portal_access": False}, {"account__status": AccountStatus.SUSPENDED}]
)
def test_who_has_no_seat_any_more_is_not_connected(session, now, chat, end):
    member = MemberFactory(**end)
    assert chat.says(code_for(member.person, now=now)) == WRONG


def test_tries_are_counted_by_chat_and_then_nothing_is_looked_at(session, now, mia, chat):
    for _ in range(10):
        assert chat.says("aaaa-bbbb-cccc") == WRONG
    code = code_for(mia, now=now)
    assert chat.says(code).startswith("Too many attempts. Wait ")
    assert chat.says(code) == ""  # said once, so that nobody makes us send without end
    assert connected_chat(mia) is None
    assert "is connected" in Chat(7002, now).says(code)


def test_the_wait_is_over_after_its_time(session, now, mia, chat):
    for _ in range(10):
        chat.says("x")
    chat.now = now + 5 * MINUTE + dt.timedelta(seconds=1)
    assert "is connected" in chat.says(code_for(mia, now=chat.now))


def test_the_right_code_counts_no_more(session, now, mia, chat):
    chat.says("aaaa-bbbb-cccc")
    chat.connects(mia)
    tries = session.execute(select(SignInAttempt.succeeded).order_by(SignInAttempt.id)).scalars().all()
    assert tries == [False, True]


def test_a_group_is_never_connected_nor_answered(session, now, mia, chat):
    assert chat.says(f"/start {code_for(mia, now=now)}", private=False) == ""
    assert connected_chat(mia) is None


def test_another_bot_is_not_answered(session, now, chat):
    assert chat.says("Hello", from_bot=True) == ""


# Disconnecting


def test_the_settings_disconnect_a_chat_and_nothing_is_sent_there_any_more(session, now, mia, chat):
    chat.connects(mia)
    waiting = tell(mia, "password_changed", now=now + MINUTE, kind=NotificationKind.TICKET_REPLIES)
    assert [row.event for row in chat.told()] == ["password_changed"]
    session.commit()
    with unit_of_work():
        unbind_chat(mia, actor=actor_of(mia, now), now=now)
    [told] = chat.told()
    assert (told.state, told.text) == (DeliveryState.CANCELLED, "")
    assert waiting.state is DeliveryState.WAITING  # the mail goes out
    with pytest.raises(TextIsGone):
        retry_delivery(told, actor=actor_of(mia, now), now=now)
    assert binding(session) is None
    assert events(session)[-1] == "person.telegram_unbound"
    assert mails(session)[-1] == "telegram_disconnected"
    assert "not connected" in chat.says("Hello")


def test_the_chat_disconnects_itself(session, now, mia, chat):
    chat.connects(mia)
    assert chat.says("/stop") == "This chat is disconnected. Nothing is sent here any more."
    assert binding(session) is None
    assert mails(session)[-1] == "telegram_disconnected"


def test_somebody_who_may_not_come_in_any_more_can_still_disconnect(session, now, mia, chat):
    chat.connects(mia)
    mia.disabled_at = now
    assert "is disconnected" in chat.says("/stop")


def test_what_is_being_written_goes_with_the_chat(session, now, mia, chat):
    TicketTypeFactory()
    chat.connects(mia)
    with unit_of_work():
        begin_ticket(mia, now=now)
    chat.says("/stop")
    assert session.scalars(select(TelegramDialogue)).all() == []


def test_there_is_nothing_to_disconnect_twice_nor_in_anothers_place(session, now, mia, chat):
    with pytest.raises(NoChatConnected):
        unbind_chat(mia, actor=actor_of(mia, now), now=now)
    chat.connects(mia)
    with pytest.raises(NotWhileLoggedInAs):
        unbind_chat(mia, actor=actor_of(mia, now, on_behalf_of_id=mia.id), now=now)
    assert connected_chat(mia) is not None


def test_a_code_that_waits_goes_when_somebody_disconnects(session, now, mia, chat):
    code = code_for(mia, now=now)
    with pytest.raises(NoChatConnected), unit_of_work():
        unbind_chat(mia, actor=actor_of(mia, now), now=now)
    assert "is connected" in chat.says(code)  # it was refused, so nothing changed


def test_whoever_resets_the_ways_in_takes_the_chat_away(session, now, mia, chat):
    chat.connects(mia)
    with unit_of_work():
        remove_second_factors(mia, actor=actor_of(mia, now), now=now, account_id=None)
    assert binding(session) is None
    assert events(session)[-1] == "person.telegram_unbound"
    assert "Telegram chat that was connected was disconnected" in _newest_mail(session).text


def _newest_mail(session):
    mail = select(NotificationDelivery).where(NotificationDelivery.channel == NotificationChannel.EMAIL)
    return session.scalars(mail.order_by(NotificationDelivery.id.desc())).first()


# What Telegram says of a chat


class Says:
    def __init__(self, **outcome):
        self.outcome = {"answer": Answer.NEVER, "words": "403 Forbidden: bot was blocked by the user", **outcome}

    def send(self, chat_id, text):
        return Outcome(**self.outcome)


def send_with(gateway, session, mia, now):
    send_all(now)
    tell(mia, "password_changed", now=now, kind=NotificationKind.TICKET_REPLIES)
    session.commit()
    told = select(NotificationDelivery.id).where(
        NotificationDelivery.channel == NotificationChannel.TELEGRAM, NotificationDelivery.event == "password_changed"
    )
    [delivery_id] = session.scalars(told.where(NotificationDelivery.state == DeliveryState.WAITING))
    senders = {NotificationChannel.TELEGRAM: ChatSender(gateway)}
    return deliver(delivery_id, senders, now=now, learns=learn_of_chat)


def test_a_blocked_bot_ends_the_binding_and_the_person_is_told(session, now, mia, chat):
    chat.connects(mia)
    assert send_with(Says(gone=True), session, mia, now) is Step.FAILED
    assert (connected_chat(mia), blocked_at(mia)) == (None, now)
    assert events(session)[-1] == "person.telegram_unbound"
    assert "our bot is blocked there" in _newest_mail(session).text
    assert person_of_chat(7001) is None


def test_the_update_that_says_so_ends_it_too_and_once(session, now, mia, chat):
    chat.connects(mia)
    blocked = Update(77, 7001, private=True, blocked=True)
    assert chat.sends(blocked)
    assert not chat.sends(blocked)
    assert chat.sends(Update(78, 7001, private=True, blocked=True))
    assert blocked_at(mia) == now
    assert mails(session).count("telegram_disconnected") == 1


def test_a_chat_can_be_connected_again_after_it_was_blocked(session, now, mia, chat):
    chat.connects(mia)
    chat.sends(Update(77, 7001, private=True, blocked=True))
    chat.connects(mia)
    assert (blocked_at(mia), connected_chat(mia).since) == (None, now)


def test_a_chat_that_moved_is_known_by_its_new_number(session, now, mia, chat):
    chat.connects(mia)
    gateway = Says(answer=Answer.TAKEN, remote_id="5", moved_to="7777")
    assert send_with(gateway, session, mia, now) is Step.SENT
    session.expire_all()
    assert person_of_chat(7777) == mia
    assert person_of_chat(7001) is None


def test_a_chat_is_told_in_the_order_of_what_happened(session, now, mia, chat):
    chat.connects(mia)
    for event in ("password_changed", "phone_removed"):
        tell(mia, event, now=now, kind=NotificationKind.TICKET_REPLIES, phone="1")
    session.commit()
    senders = {NotificationChannel.TELEGRAM: ChatSender(Says(answer=Answer.TAKEN, remote_id="5"))}
    said = select(NotificationDelivery.id).where(NotificationDelivery.channel == NotificationChannel.TELEGRAM)
    first, second, third = session.scalars(said.order_by(NotificationDelivery.id)).all()
    assert deliver(third, senders, now=now) is Step.BEHIND
    assert deliver(first, senders, now=now) is Step.SENT
    assert deliver(third, senders, now=now) is Step.BEHIND
    away = {NotificationChannel.TELEGRAM: ChatSender(Says(answer=Answer.LATER))}
    assert deliver(second, away, now=now) is Step.POSTPONED
    assert deliver(third, senders, now=now) is Step.SENT  # nobody waits for one that has to wait
    asked_again = select(func.count()).select_from(Job).where(Job.run_at == now + dt.timedelta(seconds=1))
    assert session.scalar(asked_again) == 2


def test_chats_do_not_wait_for_each_other(session, now, mia, chat):
    chat.connects(mia)
    other = MemberFactory().person
    Chat(7002, now).connects(other)
    session.commit()
    senders = {NotificationChannel.TELEGRAM: ChatSender(Says(answer=Answer.TAKEN, remote_id="5"))}
    theirs = select(NotificationDelivery.id).where(NotificationDelivery.address == "7002")
    assert deliver(session.scalars(theirs).one(), senders, now=now) is Step.SENT


def test_what_a_mail_server_says_of_an_address_is_not_about_chats(session, now, mia, chat):
    chat.connects(mia)
    mail = Outgoing(1, 1, NotificationChannel.EMAIL, "7001", "", "", None, "<x@y>", now)
    learn_of_chat(mail, Outcome(Answer.NEVER, gone=True), now=now)
    assert connected_chat(mia) is not None


def test_staff_connect_a_chat_too(session, now, chat):
    chat.connects(StaffMemberFactory().person)
    assert events(session) == ["person.telegram_bound"]
