"""The Telegram section of one's own settings, what is sent there, and the demo's telephones."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from sqlalchemy import select, update

from domain.permissions import MemberRole, StaffRole
from jobs.demo_telegram import DemoTelegram, demo_telegram
from jobs.senders import outgoing_of
from models import NotificationChannel, NotificationKind, NotificationPreference, SignInSession, TelegramBinding
from services.telegram_bindings import connected_chat
from tests.factories.people import AccountFactory, TelegramBindingFactory
from tests.support.chatting import Chat
from tests.support.desk import member_desk, staff_desk

PAGE = "/settings/telegram"
BOT = {"TELEGRAM_BOT_TOKEN": "123456:the-token", "TELEGRAM_BOT_USERNAME": "foyer_bot"}
CODE = re.compile(r"<code class=\"secret-text\">([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</code>")


@pytest.fixture
def app(keep_app):
    return keep_app(**BOT)


@pytest.fixture
def mia(app, session):
    return member_desk(app, AccountFactory(client_id="20777"), MemberRole.TICKETS)


def text_of(answer):
    return answer.get_data(as_text=True)


def post(desk, address=PAGE, **fields):
    return desk.client.post(address, data={"csrf_token": desk.token, **fields})


def binding(session):
    session.expire_all()
    return session.scalars(select(TelegramBinding)).one_or_none()


def test_a_code_is_shown_once_with_the_link_that_holds_it(mia, session):
    assert "Connect Telegram" in text_of(mia.client.get(PAGE))
    answer = post(mia)
    [code] = CODE.findall(text_of(answer))
    assert f'href="https://t.me/foyer_bot?start={code}"' in text_of(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert code not in text_of(mia.client.get(PAGE))
    assert "the-token" not in text_of(answer)


def test_the_code_connects_a_chat_and_the_page_says_so_until_it_is_disconnected(mia, session):
    [code] = CODE.findall(text_of(post(mia)))
    now = dt.datetime.now(dt.UTC)
    assert "is connected" in Chat(7001, now, name="@mia_m").says(code)
    page = text_of(mia.client.get(PAGE))
    assert "@mia_m" in page
    assert "Connected" in page
    assert "Connect Telegram" not in page
    answer = post(mia, f"{PAGE}/disconnect")
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert "The chat is disconnected" in text_of(mia.client.get(PAGE))
    assert binding(session) is None


def test_what_cannot_be_done_now_is_said(mia, session):
    answer = post(mia, f"{PAGE}/disconnect")
    assert answer.status_code == 409
    assert "There is no chat to disconnect" in text_of(answer)
    TelegramBindingFactory(person=mia.person)
    answer = post(mia)
    assert answer.status_code == 409
    assert "A chat is connected already" in text_of(answer)


def test_a_code_wants_a_recent_proof(mia, session):
    old = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16)
    token = mia.token
    session.execute(update(SignInSession).values(proved_at=old))
    session.commit()
    answer = mia.client.post(PAGE, data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/prove?next=%2Fsettings%2Ftelegram")
    assert binding(session) is None


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/disconnect"])
def test_every_form_wants_our_token(mia, session, address):
    assert mia.client.post(address).status_code == 400
    assert binding(session) is None


def test_a_blocked_bot_is_said_on_the_page(mia, session, now):
    TelegramBindingFactory(person=mia.person, chat_id=None, bound_at=None, blocked_at=now)
    page = text_of(mia.client.get(PAGE))
    assert "Your chat was disconnected on May 15, 2026" in page
    assert "Connect Telegram" in page


def test_the_name_of_a_chat_is_no_markup(mia, session):
    TelegramBindingFactory(person=mia.person, chat_name="<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in text_of(mia.client.get(PAGE))


def test_staff_connect_a_chat_too(app, session):
    assert CODE.search(text_of(post(staff_desk(app, StaffRole.SUPPORT_AGENT))))


def test_one_persons_chat_is_nobody_elses(app, mia, session):
    TelegramBindingFactory(person=mia.person, chat_name="@mia_m")
    other = member_desk(app, AccountFactory(), MemberRole.TICKETS)
    assert "@mia_m" not in text_of(other.client.get(PAGE))
    assert post(other, f"{PAGE}/disconnect").status_code == 409
    assert connected_chat(mia.person) is not None


def test_without_a_bot_it_is_not_offered_but_a_chat_from_before_is_taken_away(keep_app, session):
    mia = member_desk(keep_app(), AccountFactory(), MemberRole.TICKETS)
    assert PAGE not in text_of(mia.client.get("/settings/profile"))
    assert "Telegram is not set up here" in text_of(mia.client.get(PAGE))
    assert post(mia).status_code == 409
    TelegramBindingFactory(person=mia.person)
    assert PAGE in text_of(mia.client.get("/settings/profile"))
    assert post(mia, f"{PAGE}/disconnect").status_code == 303


def test_the_section_is_offered_where_there_is_a_bot(mia):
    assert f'href="{PAGE}"' in text_of(mia.client.get("/settings/profile"))


# What is sent there


def test_what_is_sent_to_a_chat_is_chosen_once_there_is_one(mia, session):
    page = text_of(mia.client.get("/settings/notifications"))
    assert 'name="invoices_telegram"' not in page
    TelegramBindingFactory(person=mia.person)
    page = text_of(mia.client.get("/settings/notifications"))
    assert re.search(r'<input[^>]*checked[^>]*name="ticket_replies_telegram"', page)
    assert re.search(r'<input(?![^>]*checked)[^>]*name="invoices_telegram"', page)
    assert 'name="security_telegram"' not in page
    assert "Not sent this way" in page
    post(mia, "/settings/notifications", invoices_telegram="y")
    chosen = select(NotificationPreference.kind).where(
        NotificationPreference.channel == NotificationChannel.TELEGRAM, NotificationPreference.enabled
    )
    assert session.scalars(chosen).all() == [NotificationKind.INVOICES]


# The demo


@pytest.fixture
def demo(make_app, session, tmp_path):
    app = make_app(FOYER_ENV="demo", DATA_DIR=str(tmp_path))
    beside = DemoTelegram(app)
    beside.start()
    yield app
    beside.stop()


def in_demo(client, **fields):
    page = text_of(client.get("/demo/telegram"))
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    data = {"csrf_token": token, "chat": "7001", **fields}
    return client.post("/demo/telegram", data=data, content_type="multipart/form-data")


def test_the_demo_has_telephones_that_write_to_the_bot(demo):
    client = demo.test_client()
    assert "No message yet" in text_of(client.get("/demo/telegram"))
    answer = in_demo(client, text="<b>/help</b>", file=(io.BytesIO(b"content"), "a.txt"))
    assert (answer.status_code, answer.location) == (303, "/demo/telegram?chat=7001")
    outgoing_of(demo).bot.gateway.send(7001, "Good <i>morning</i>")
    page = text_of(client.get("/demo/telegram?chat=7001"))
    assert "&lt;b&gt;/help&lt;/b&gt;" in page
    assert "a.txt" in page
    assert "Good &lt;i&gt;morning&lt;/i&gt;" in page
    number = demo_telegram(demo).messages(7001)[-1].number
    in_demo(client, text="And to you", reply_to=str(number))
    updates = outgoing_of(demo).bot.gateway.updates(offset=None, wait=0)
    assert [(update.text, update.replied_to) for update in updates] == [("<b>/help</b>", None), ("And to you", number)]
    assert "No message yet" in text_of(client.get("/demo/telegram?chat=7002"))


def test_the_link_of_the_demo_fills_in_the_code(demo):
    assert outgoing_of(demo).bot.link.endswith("/demo/telegram?start=")
    page = text_of(demo.test_client().get("/demo/telegram?start=abcd-efgh-jkmn"))
    assert "/start abcd-efgh-jkmn</textarea>" in page


@pytest.mark.parametrize("reply_to", ["x", "²", "9" * 40, "-1", "12345"])
def test_a_reply_to_nothing_is_a_message(demo, reply_to):
    assert in_demo(demo.test_client(), text="Hello", reply_to=reply_to).status_code == 303
    [update] = outgoing_of(demo).bot.gateway.updates(offset=None, wait=0)
    assert update.replied_to is None


def test_a_telephone_that_there_is_not_is_the_first(demo):
    in_demo(demo.test_client(), text="Hello", chat="9999")
    assert demo_telegram(demo).chats() == [7001]


def test_the_forms_of_the_demo_want_our_token(demo):
    assert demo.test_client().post("/demo/telegram", data={"text": "Hello"}).status_code == 400
    assert demo_telegram(demo).chats() == []


def test_outside_of_the_demo_there_are_no_telephones(keep_app, session):
    client = keep_app().test_client()
    assert client.get("/demo/telegram").status_code == 404
    assert DemoTelegram(keep_app()).start() is None
    assert demo_telegram(keep_app()) is None


def test_a_bot_of_ones_own_is_left_alone_in_the_demo(make_app, session, tmp_path):
    app = make_app(FOYER_ENV="demo", DATA_DIR=str(tmp_path), **BOT)
    DemoTelegram(app).start()
    assert demo_telegram(app) is None
    assert outgoing_of(app).bot.link == "https://t.me/foyer_bot?start="
    assert "does not run in this process" in text_of(app.test_client().get("/demo/telegram"))


def test_a_port_that_is_taken_is_said_and_the_demo_runs_on(demo, make_app, tmp_path, caplog):
    port = str(demo_telegram(demo).port)
    other = make_app(FOYER_ENV="demo", DATA_DIR=str(tmp_path / "other"), DEMO_TELEGRAM_PORT=port)
    DemoTelegram(other).start()
    assert "DEMO_TELEGRAM_PORT" in caplog.text
    assert outgoing_of(other).bot is None
