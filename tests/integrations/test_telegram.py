"""Telegram: what is said to the Bot API, how its answers are sorted, and what goes wrong on the way."""

from __future__ import annotations

import datetime as dt
import json
import logging

import httpx2
import pytest

from integrations.mail import Answer
from integrations.telegram import (
    LARGEST_FILE,
    LONGEST_PAUSE,
    Bot,
    Telegram,
    TelegramFileNotFetched,
    TelegramNotReachable,
)
from integrations.telegram_stand_in import FAULTS, MOVED_BY, RETRY_AFTER, TelegramStandIn

TOKEN = "123456:AAH-the_token_that_nobody_may_read"
BOT = Bot(TOKEN, "foyer_bot")
CHAT = 7001


class Recorder:
    def __init__(self, *answers, error=None):
        self.answers, self.error, self.asked = list(answers), error, []

    def __call__(self, request):
        self.asked.append(request)
        if self.error:
            raise self.error(f"no way to {request.url}", request=request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def telegram(*answers, error=None):
    recorder = Recorder(*answers, error=error)
    return Telegram(BOT, httpx2.MockTransport(recorder)), recorder


def ok(result):
    return httpx2.Response(200, json={"ok": True, "result": result})


def refused(code, description="", **others):
    return httpx2.Response(code, json={"ok": False, "error_code": code, "description": description, **others})


@pytest.fixture
def stand_in():
    house = TelegramStandIn(TOKEN)
    house.slow_seconds = 0.05
    house.start()
    yield house
    house.stop()


@pytest.fixture
def gateway(stand_in):
    return Telegram(Bot(TOKEN, "foyer_bot", stand_in.url))


# Messages


def test_a_message_is_plain_text_and_nobody_looks_into_its_links():
    bot, recorder = telegram(ok({"message_id": 42}))
    outcome = bot.send(CHAT, "*Hello* <b>you</b>")
    [request] = recorder.asked
    assert (outcome.answer, outcome.remote_id) == (Answer.TAKEN, "42")
    assert (request.method, str(request.url)) == ("POST", f"https://api.telegram.org/bot{TOKEN}/sendMessage")
    assert json.loads(request.content) == {
        "chat_id": CHAT,
        "text": "*Hello* <b>you</b>",
        "link_preview_options": {"is_disabled": True},
    }


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (400, Answer.NEVER),
        (401, Answer.LATER),
        (403, Answer.NEVER),
        (404, Answer.LATER),
        (409, Answer.LATER),
        (429, Answer.LATER),
        (500, Answer.LATER),
        (502, Answer.LATER),
    ],
)
def test_answers_are_sorted_by_their_code(code, answer):
    bot, _recorder = telegram(refused(code, "Bad\r\nnews"))
    outcome = bot.send(CHAT, "Hello")
    assert (outcome.answer, outcome.words) == (answer, f"{code} Bad news")
    assert outcome.gone is (code == 403)


def test_the_wait_that_telegram_asks_for_is_handed_on():
    bot, _recorder = telegram(refused(429, "Too Many Requests", parameters={"retry_after": 35}))
    assert bot.send(CHAT, "Hello").pause == dt.timedelta(seconds=35)


@pytest.mark.parametrize("seconds", [-1, 0, "35", None, True, [], 1.5])
def test_a_wait_that_is_none_is_not_believed(seconds):
    bot, _recorder = telegram(refused(429, "Too Many Requests", parameters={"retry_after": seconds}))
    assert bot.send(CHAT, "Hello").pause is None


def test_nobody_waits_for_ever():
    bot, _recorder = telegram(refused(429, "Too Many Requests", parameters={"retry_after": 10**30}))
    assert bot.send(CHAT, "Hello").pause == LONGEST_PAUSE


def test_a_chat_that_moved_gets_the_message_where_it_is_now():
    moved = refused(400, "group chat was upgraded", parameters={"migrate_to_chat_id": -1009})
    bot, recorder = telegram(moved, ok({"message_id": 5}))
    outcome = bot.send(CHAT, "Hello")
    assert [json.loads(request.content)["chat_id"] for request in recorder.asked] == [CHAT, -1009]
    assert (outcome.answer, outcome.remote_id, outcome.moved_to) == (Answer.TAKEN, "5", "-1009")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff", b'"ok"', b"[" * 100_000])
def test_an_answer_that_cannot_be_read_is_sorted_all_the_same(body):
    bot, _recorder = telegram(httpx2.Response(502, content=body))
    assert (bot.send(CHAT, "x").answer, bot.send(CHAT, "x").words) == (Answer.LATER, "502")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (httpx2.ConnectError, Answer.LATER),
        (httpx2.ConnectTimeout, Answer.LATER),
        (httpx2.ReadTimeout, Answer.UNKNOWN),
        (httpx2.RemoteProtocolError, Answer.UNKNOWN),
        (httpx2.WriteError, Answer.UNKNOWN),
    ],
)
def test_a_lost_connection_is_known_or_unknown_by_when_it_was_lost(error, answer):
    bot, _recorder = telegram(error=error)
    assert bot.send(CHAT, "Hello").answer is answer


def test_a_text_that_is_too_long_is_cut():
    bot, recorder = telegram(ok({"message_id": 1}))
    bot.send(CHAT, "x" * 5000)
    assert len(json.loads(recorder.asked[0].content)["text"]) == 4096


# The token


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.ReadTimeout, httpx2.RemoteProtocolError])
def test_no_error_tells_the_token(error):
    bot, _recorder = telegram(error=error)
    with pytest.raises(TelegramNotReachable) as raised:
        bot.updates(offset=1, wait=0)
    assert TOKEN not in f"{raised.value!r}{raised.value.__cause__!r}" + bot.send(CHAT, "x").words
    assert raised.value.__suppress_context__


def test_no_word_of_the_other_side_tells_the_token():
    bot, _recorder = telegram(refused(400, f"no such path /bot{TOKEN}/sendMessage"))
    assert TOKEN not in bot.send(CHAT, "x").words
    assert TOKEN not in repr(BOT)


def test_no_log_tells_the_token(stand_in, gateway, caplog):
    stand_in.write(CHAT, "Hello", file=("a.txt", b"content"))
    with caplog.at_level(logging.DEBUG):
        gateway.send(CHAT, "Hello")
        [update] = gateway.updates(offset=None, wait=0)
        gateway.fetch(update.files[0].file_id)
        stand_in.command("answer_lost")
        gateway.send(CHAT, "Hello")
    assert TOKEN not in caplog.text


# Updates


def test_updates_are_asked_for_from_a_number_on_and_told_apart_by_it():
    bot, recorder = telegram(ok([{"update_id": 9}, {"update_id": 8}, {"no": "number"}, "nonsense"]))
    assert [update.update_id for update in bot.updates(offset=8, wait=4)] == [8, 9]
    assert json.loads(recorder.asked[0].content) == {
        "timeout": 4,
        "limit": 100,
        "allowed_updates": ["message", "my_chat_member"],
        "offset": 8,
    }


def test_while_nothing_may_be_skipped_no_number_is_named():
    bot, recorder = telegram(ok([]))
    bot.updates(offset=None, wait=0)
    assert "offset" not in json.loads(recorder.asked[0].content)


@pytest.mark.parametrize("result", [None, {}, "x", 7])
def test_updates_that_are_no_list_are_an_error(result):
    bot, _recorder = telegram(ok(result))
    with pytest.raises(TelegramNotReachable, match="cannot be read"):
        bot.updates(offset=None, wait=0)


def test_a_refusal_of_updates_says_how_long_to_wait():
    bot, _recorder = telegram(refused(429, "Too Many Requests", parameters={"retry_after": 9}))
    with pytest.raises(TelegramNotReachable, match="429 Too Many Requests") as raised:
        bot.updates(offset=None, wait=0)
    assert raised.value.pause == dt.timedelta(seconds=9)


def test_an_answer_without_end_is_not_read_to_it():
    bot, _recorder = telegram(httpx2.Response(200, content=b"x" * (9 * 1024 * 1024)))
    with pytest.raises(TelegramNotReachable):
        bot.updates(offset=None, wait=0)


# Files


def test_a_file_is_fetched_from_below_the_files_of_the_bot():
    bot, recorder = telegram(ok({"file_path": "documents/a b.pdf"}), httpx2.Response(200, content=b"content"))
    assert bot.fetch("F1") == b"content"
    assert [request.method for request in recorder.asked] == ["POST", "GET"]
    assert str(recorder.asked[1].url) == f"https://api.telegram.org/file/bot{TOKEN}/documents/a%20b.pdf"


@pytest.mark.parametrize("path", ["/etc/passwd", "../bot/x", "a/../../b", "a//b", "", None, 7, "./a"])
def test_a_path_that_leads_elsewhere_is_not_followed(path):
    bot, recorder = telegram(ok({"file_path": path}))
    with pytest.raises(TelegramFileNotFetched):
        bot.fetch("F1")
    assert len(recorder.asked) == 1


def test_a_path_is_never_more_than_a_path():
    bot, recorder = telegram(ok({"file_path": "a?b#c@evil.example"}), httpx2.Response(200, content=b""))
    bot.fetch("F1")
    assert (recorder.asked[1].url.host, recorder.asked[1].url.query) == ("api.telegram.org", b"")


def test_a_file_that_is_larger_than_bots_may_fetch_is_left():
    bot, _recorder = telegram(ok({"file_path": "a"}), httpx2.Response(200, content=b"x" * (LARGEST_FILE + 1)))
    with pytest.raises(TelegramFileNotFetched, match="larger"):
        bot.fetch("F1")


def test_a_file_that_telegram_does_not_give_is_told_from_one_that_it_cannot_give_now():
    too_big, _recorder = telegram(refused(400, "Bad Request: file is too big"))
    with pytest.raises(TelegramFileNotFetched, match="too big"):
        too_big.fetch("F1")
    away, _recorder = telegram(refused(500, "Internal Server Error"))
    with pytest.raises(TelegramNotReachable):
        away.fetch("F1")


def test_an_answer_that_leads_elsewhere_is_not_followed():
    elsewhere = httpx2.Response(302, headers={"Location": "https://evil.example/"})
    bot, recorder = telegram(ok({"file_path": "a"}), elsewhere)
    with pytest.raises(TelegramFileNotFetched, match="302"):
        bot.fetch("F1")
    assert len(recorder.asked) == 2


# Against the stand-in, over HTTP


def test_a_talk_over_http(stand_in, gateway):
    stand_in.write(CHAT, "Hello", name="Mia")
    [update] = gateway.updates(offset=None, wait=0)
    assert (update.chat_id, update.text, update.name, update.private) == (CHAT, "Hello", "Mia", True)
    outcome = gateway.send(CHAT, "Good morning")
    assert stand_in.texts(CHAT) == ["Good morning"]
    stand_in.write(CHAT, "And to you", reply_to=int(outcome.remote_id))
    [answer] = gateway.updates(offset=update.update_id + 1, wait=0)
    assert (answer.replied_to, answer.replied_text) == (int(outcome.remote_id), "Good morning")
    assert stand_in.waiting == 1
    assert gateway.updates(offset=answer.update_id + 1, wait=0) == []
    assert stand_in.waiting == 0


def test_photos_and_documents_come_over_http(stand_in, gateway):
    stand_in.write(CHAT, "Look", photo=b"a picture")
    stand_in.write(CHAT, file=("report.pdf", b"a report"))
    photo, document = gateway.updates(offset=None, wait=0)
    assert (photo.text, photo.files[0].name, gateway.fetch(photo.files[0].file_id)) == (
        "Look",
        "photo.jpg",
        b"a picture",
    )
    assert (document.files[0].name, document.files[0].size) == ("report.pdf", 8)
    assert gateway.fetch(document.files[0].file_id) == b"a report"


def test_the_question_waits_for_something_to_come(stand_in, gateway):
    import threading

    threading.Timer(0.2, lambda: stand_in.write(CHAT, "Late")).start()
    assert [update.text for update in gateway.updates(offset=None, wait=5)] == ["Late"]


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("too_many", Answer.LATER),
        ("blocked", Answer.NEVER),
        ("broken", Answer.LATER),
        ("nonsense", Answer.LATER),
        ("answer_lost", Answer.UNKNOWN),
        ("slow", Answer.TAKEN),
        ("moved", Answer.TAKEN),
    ],
)
def test_each_fault_of_a_message_is_sorted(stand_in, gateway, fault, answer):
    stand_in.command(fault)
    outcome = gateway.send(CHAT, "Hello")
    assert outcome.answer is answer
    assert outcome.gone is (fault == "blocked")
    assert outcome.pause == (dt.timedelta(seconds=RETRY_AFTER) if fault == "too_many" else None)
    assert outcome.moved_to == (str(CHAT + MOVED_BY) if fault == "moved" else "")
    assert gateway.send(CHAT, "Again").answer is Answer.TAKEN


@pytest.mark.parametrize("fault", ["broken", "nonsense", "answer_lost"])
def test_updates_come_after_a_fault_as_if_nothing_had_been(stand_in, gateway, fault):
    stand_in.write(CHAT, "Hello")
    stand_in.command(fault)
    with pytest.raises(TelegramNotReachable):
        gateway.updates(offset=None, wait=0)
    assert [update.text for update in gateway.updates(offset=None, wait=0)] == ["Hello"]


def test_updates_that_come_again_have_their_number(stand_in, gateway):
    stand_in.write(CHAT, "Hello")
    stand_in.command("twice")
    first, second = gateway.updates(offset=None, wait=0)
    assert first == second
    assert gateway.updates(offset=first.update_id + 1, wait=0) == [first]


def test_whoever_blocks_the_bot_is_told_of_and_gets_nothing(stand_in, gateway):
    stand_in.block(CHAT)
    [update] = gateway.updates(offset=None, wait=0)
    assert (update.blocked, update.chat_id) == (True, CHAT)
    assert gateway.send(CHAT, "Hello").gone


def test_a_file_is_not_given_on_command(stand_in, gateway):
    stand_in.write(CHAT, file=("a.txt", b"a"))
    [update] = gateway.updates(offset=None, wait=0)
    stand_in.command("no_file")
    with pytest.raises(TelegramFileNotFetched):
        gateway.fetch(update.files[0].file_id)


def test_another_token_is_refused(stand_in):
    other = Telegram(Bot("123456:another", "foyer_bot", stand_in.url))
    assert other.send(CHAT, "Hello").answer is Answer.LATER
    with pytest.raises(TelegramNotReachable, match="401"):
        other.updates(offset=None, wait=0)


def test_the_stand_in_knows_its_faults(stand_in):
    with pytest.raises(ValueError, match="no fault"):
        stand_in.command("no such fault")
    assert len(FAULTS) == len(set(FAULTS))


def test_numbers_go_on_after_a_restart(tmp_path):
    first = TelegramStandIn(TOKEN, tmp_path)
    first.start()
    number = first.write(CHAT, "Hello")
    first.stop()
    second = TelegramStandIn(TOKEN, tmp_path)
    second.start()
    try:
        assert second.write(CHAT, "Again") == number + 1
        assert [message.text for message in second.messages(CHAT)] == ["Hello", "Again"]
        assert second.waiting == 2
    finally:
        second.stop()


def test_a_port_that_is_taken_is_an_error_at_once(stand_in):
    with pytest.raises((OSError, SystemExit)):
        TelegramStandIn(TOKEN, port=stand_in.port)


def test_the_number_of_the_bot_is_no_secret():
    assert BOT.key == "123456"
