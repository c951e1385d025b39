"""Text messages: what is said to Twilio, how its answers are sorted, and the stand-in of the demo."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import httpx2
import pytest

from integrations.mail import Answer
from integrations.sms import KeepsSms, Sms, SmsNotSafe, Twilio, TwilioAccount

ACCOUNT = TwilioAccount("AC123", "a token", "+12025550100")
CODE = Sms("+12025550123", "Your code is 123456.")


class Recorder:
    def __init__(self, answer=None, error=None):
        self.answer, self.error, self.asked = answer, error, []

    def __call__(self, request):
        self.asked.append(request)
        if self.error:
            raise self.error("no", request=request)
        return self.answer


def twilio(recorder, now=None, account=ACCOUNT):
    return Twilio(account, httpx2.MockTransport(recorder), clock=lambda: now)


def test_the_message_goes_to_the_account_in_its_own_words():
    recorder = Recorder(httpx2.Response(201, json={"sid": "SM1", "status": "queued"}))
    outcome = twilio(recorder).send(CODE)
    [request] = recorder.asked
    assert (outcome.answer, outcome.words) == (Answer.TAKEN, "SM1 queued")
    assert (request.method, str(request.url)) == (
        "POST",
        "https://api.twilio.com/2010-04-01/Accounts/AC123/Messages.json",
    )
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"AC123:a token").decode()
    assert parse_qs(request.content.decode()) == {
        "To": ["+12025550123"],
        "From": ["+12025550100"],
        "Body": ["Your code is 123456."],
    }


def test_a_messaging_service_is_named_as_such():
    recorder = Recorder(httpx2.Response(201, json={}))
    twilio(recorder, account=TwilioAccount("AC123", "t", "MG77")).send(CODE)
    form = parse_qs(recorder.asked[0].content.decode())
    assert form["MessagingServiceSid"] == ["MG77"]
    assert "From" not in form


def test_a_code_is_not_delivered_after_its_time(now):
    recorder = Recorder(httpx2.Response(201, json={}))
    fresh = Sms("+12025550123", "code", not_after=now + dt.timedelta(minutes=10))
    assert twilio(recorder, now).send(fresh).answer is Answer.TAKEN
    assert parse_qs(recorder.asked[0].content.decode())["ValidityPeriod"] == ["600"]
    assert twilio(recorder, now + dt.timedelta(minutes=10)).send(fresh).answer is Answer.NEVER
    assert len(recorder.asked) == 1


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, Answer.TAKEN),
        (400, Answer.NEVER),
        (401, Answer.LATER),
        (403, Answer.LATER),
        (404, Answer.LATER),
        (429, Answer.LATER),
        (500, Answer.LATER),
        (503, Answer.LATER),
    ],
)
def test_answers_are_sorted_by_their_status(status, answer):
    said = {"code": 21211, "message": "Invalid\r\n'To' number", "status": status}
    outcome = twilio(Recorder(httpx2.Response(status, json=said))).send(CODE)
    assert outcome.answer is answer
    if status >= 400:
        assert outcome.words == f"{status} 21211 Invalid 'To' number"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff"])
def test_an_answer_that_cannot_be_read_is_sorted_all_the_same(body):
    assert twilio(Recorder(httpx2.Response(502, content=body))).send(CODE).words == "502"


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
    assert twilio(Recorder(error=error)).send(CODE).answer is answer


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("12025550123", "x"),
        ("+0", "x"),
        ("+12025550123,+12025550124", "x"),
        ("+12025550123\r\nX: y", "x"),
        ("+12025550123\n", "x"),
        ("+١٢٠٢٥٥٥٠١٢٣", "x"),
        ("+12025550123", " "),
        ("+12025550123", "x" * 1601),
        ("+12025550123", "x\0"),
    ],
)
def test_a_message_is_for_one_telephone_and_says_something(to, text):
    with pytest.raises(SmsNotSafe):
        Sms(to, text)


def test_the_token_stands_in_no_representation():
    assert "a token" not in repr(ACCOUNT)


class StandIn(BaseHTTPRequestHandler):
    """As much of Twilio as is needed, over real HTTP."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, self.headers["Authorization"], parse_qs(body)))
        said = json.dumps({"sid": "SM9", "status": "queued", "error_code": None}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_words):
        pass


@pytest.fixture
def stand_in():
    server = HTTPServer(("127.0.0.1", 0), StandIn)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_message_arrives_over_real_http(stand_in):
    account = TwilioAccount("AC123", "a token", "+12025550100", url=f"http://127.0.0.1:{stand_in.server_port}")
    assert Twilio(account).send(Sms("+12025550123", "Grüße: 123456")).words == "SM9 queued"
    [(path, _authorization, form)] = stand_in.asked
    assert path == "/2010-04-01/Accounts/AC123/Messages.json"
    assert form["Body"] == ["Grüße: 123456"]


def test_nobody_there_is_worth_another_try(stand_in):
    account = TwilioAccount("AC123", "a token", "+12025550100", url="http://127.0.0.1:9")
    assert Twilio(account).send(CODE).answer is Answer.LATER


def test_the_stand_in_keeps_the_newest_messages_for_another_process_to_show(tmp_path, now):
    moments = iter(now + dt.timedelta(seconds=number) for number in range(205))
    keeps = KeepsSms(tmp_path / "sms", clock=lambda: next(moments))
    assert keeps.newest(5) == []
    for number in range(205):
        assert keeps.send(Sms("+12025550123", f"message {number}")).answer is Answer.TAKEN
    (tmp_path / "sms" / "9-broken.json").write_text("{")
    newest = KeepsSms(tmp_path / "sms").newest(1000)
    assert [each.text for each in newest] == [f"message {number}" for number in range(204, 4, -1)]


def test_the_stand_in_keeps_nothing_whose_time_is_over(tmp_path, now):
    keeps = KeepsSms(tmp_path, clock=lambda: now)
    assert keeps.send(Sms("+12025550123", "code", not_after=now)).answer is Answer.NEVER
    assert keeps.newest(5) == []
