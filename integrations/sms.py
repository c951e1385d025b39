"""Text messages to telephones: Twilio's REST API, and a stand-in that keeps them to be read in the demo."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import httpx2

from integrations.mail import Answer, Outcome

TIMEOUT: Final = httpx2.Timeout(10.0, connect=5.0)
LONGEST_TEXT: Final = 1600  # what Twilio takes; one message holds 160 letters, or 70 of other scripts
LONGEST_VALIDITY: Final = dt.timedelta(hours=4)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_WORDS = 300
_KEPT_AT_MOST = 200


class SmsNotSafe(ValueError):
    """It is not for exactly one telephone, or holds nothing that could be read there."""


@dataclass(frozen=True, slots=True)
class Sms:
    """One text to one number in the form +12025550123. Not sent any more once ``not_after`` has passed."""

    to: str
    text: str
    not_after: dt.datetime | None = None

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.to):
            raise SmsNotSafe("the number is not one in the form +12025550123")
        if not self.text.strip() or len(self.text) > LONGEST_TEXT or "\0" in self.text:
            raise SmsNotSafe("the text is empty or too long")


class SmsGateway(Protocol):
    """Whatever sends text messages. It never raises for what the other side or the network does."""

    def send(self, sms: Sms) -> Outcome: ...


def _clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose name messages go out in. ``sender`` is a number, a name, or a messaging service (MG…)."""

    sid: str
    token: str = field(repr=False)
    sender: str
    url: str = "https://api.twilio.com"


class Twilio:
    """Sends over Twilio's Messages resource.

    Its answers are sorted by the HTTP status: Twilio asks not to build upon its error codes. A message whose answer was
    lost may have gone out; it cannot be told apart by the receiver, and a code is the same both times.
    """

    def __init__(
        self,
        account: TwilioAccount,
        transport: httpx2.BaseTransport | None = None,
        clock: Callable[[], dt.datetime] = _clock,
    ) -> None:
        self._account = account
        self._transport = transport
        self._clock = clock

    def send(self, sms: Sms) -> Outcome:
        """Hand the message over, and say what came of it."""
        form = {"To": sms.to, "Body": sms.text}
        form["MessagingServiceSid" if self._account.sender.startswith("MG") else "From"] = self._account.sender
        if sms.not_after is not None:
            left = min(sms.not_after - self._clock(), LONGEST_VALIDITY)
            if left < dt.timedelta(seconds=1):
                return Outcome(Answer.NEVER, "its time was over before it could be sent")
            form["ValidityPeriod"] = str(int(left.total_seconds()))
        address = f"{self._account.url.rstrip('/')}/2010-04-01/Accounts/{self._account.sid}/Messages.json"
        try:
            with httpx2.Client(timeout=TIMEOUT, transport=self._transport) as client:
                answer = client.post(
                    address,
                    data=form,
                    auth=httpx2.BasicAuth(self._account.sid, self._account.token),
                    headers={"Accept": "application/json"},
                )
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            return Outcome(Answer.LATER, type(error).__name__)
        except httpx2.HTTPError as error:
            return Outcome(Answer.UNKNOWN, type(error).__name__)
        return _sorted(answer)


def _sorted(answer: httpx2.Response) -> Outcome:
    status, words = answer.status_code, _words(answer)
    if status in (200, 201):
        return Outcome(Answer.TAKEN, words)
    if status == httpx2.codes.BAD_REQUEST:  # this number or this text; our own account is refused with 401 to 404
        return Outcome(Answer.NEVER, words)
    return Outcome(Answer.LATER, words)


def _words(answer: httpx2.Response) -> str:
    """What Twilio said, for staff: the code and the sentence of an error, or the identifier of the message."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return str(answer.status_code)
    if answer.is_success:
        return f"{said.get('sid', '')} {said.get('status', '')}".strip()
    text = f"{answer.status_code} {said.get('code', '')} {said.get('message', '')}"
    return " ".join(_CONTROL.sub(" ", text).split())[:_LONGEST_WORDS]


@dataclass(frozen=True, slots=True)
class KeptSms:
    """A message the stand-in was given."""

    to: str
    text: str
    at: dt.datetime


class KeepsSms:
    """The stand-in of the demo: keeps each message as a file, so that another process can show them."""

    def __init__(self, folder: Path, clock: Callable[[], dt.datetime] = _clock) -> None:
        self._folder = folder
        self._clock = clock

    def send(self, sms: Sms) -> Outcome:
        """Keep it."""
        at = self._clock()
        if sms.not_after is not None and sms.not_after <= at:
            return Outcome(Answer.NEVER, "its time was over before it could be sent")
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.json"
        half = self._folder / f".{name}"
        half.write_text(json.dumps({"to": sms.to, "text": sms.text, "at": at.isoformat()}), encoding="utf-8")
        half.replace(self._folder / name)
        for old in sorted(self._folder.glob("[0-9]*.json"))[:-_KEPT_AT_MOST]:
            old.unlink(missing_ok=True)
        return Outcome(Answer.TAKEN)

    def newest(self, limit: int) -> Sequence[KeptSms]:
        """The messages kept, newest first."""
        found = []
        for file in sorted(self._folder.glob("[0-9]*.json"), reverse=True)[:limit]:
            try:
                kept = json.loads(file.read_text(encoding="utf-8"))
                found.append(KeptSms(kept["to"], kept["text"], dt.datetime.fromisoformat(kept["at"])))
            except (OSError, ValueError, KeyError):
                continue  # taken away a moment ago, or written by somebody else
        return found
