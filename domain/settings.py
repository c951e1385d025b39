"""The business policy that staff may change: every setting with its kind, its default, its limits and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.refusals import Refusal

SettingValue = int | bool | str

_YES: Final = frozenset({"yes", "true", "on", "1", "y"})
_NO: Final = frozenset({"", "no", "false", "off", "0"})
_LONGEST_NUMBER: Final = 9


class UnknownSetting(LookupError):
    """A key nobody declared: a mistake of the programmer's, never of the user's."""


class SettingNotReadable(Refusal):
    """The message says what may be typed."""


class SettingKind(StrEnum):
    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """One setting as it is declared. ``least`` and ``most`` bound a number; of a text ``most`` is the longest.

    ``unit`` stands behind the value: "minutes". ``help`` says what changes when the value does.
    """

    key: str
    label: str
    group: str
    kind: SettingKind
    default: SettingValue
    help: str
    least: int = 0
    most: int = 255
    unit: str = ""

    def read(self, text: str) -> SettingValue:
        """The value that was typed. Refused: SettingNotReadable."""
        text = text.strip()
        if self.kind is SettingKind.NUMBER:
            return self._number(text)
        if self.kind is SettingKind.FLAG:
            return self._flag(text)
        if len(text) > self.most or "\0" in text:
            raise SettingNotReadable(f"{self.label}: enter at most {self.most} characters.")
        return text

    def fits(self, value: object) -> bool:
        """Whether a kept value is one of this setting: limits may have become narrower since it was kept."""
        if self.kind is SettingKind.NUMBER:
            return type(value) is int and self.least <= value <= self.most
        if self.kind is SettingKind.FLAG:
            return type(value) is bool
        return isinstance(value, str) and len(value) <= self.most

    def _number(self, text: str) -> int:
        readable = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
        if not readable or not self.least <= int(text) <= self.most:
            unit = f" {self.unit}" if self.unit else ""
            raise SettingNotReadable(
                f"{self.label}: enter a whole number from {self.least} to {self.most}{unit}, like {self.default}."
            )
        return int(text)

    def _flag(self, text: str) -> bool:
        if text.lower() in _YES:
            return True
        if text.lower() in _NO:
            return False
        raise SettingNotReadable(f"{self.label}: choose yes or no.")


def _number(
    key: str, label: str, group: str, default: int, help: str, *, least: int, most: int, unit: str = ""
) -> SettingSpec:
    return SettingSpec(key, label, group, SettingKind.NUMBER, default, help, least, most, unit)


_ACCOUNTS, _STAFF, _SMS, _PAYING = "Accounts and members", "Staff", "Codes by SMS", "Paying"

_SPECS: Final = (
    _number(
        "invitation_days",
        "Invitations live",
        _ACCOUNTS,
        30,
        "How long the link in an invitation can be used.",
        least=1,
        most=90,
        unit="days",
    ),
    _number(
        "deletion_days",
        "Deleting an account can be undone for",
        _ACCOUNTS,
        30,
        "After these days the personal data of an account suspended for deletion is replaced. Deletions under way keep"
        " the day they were given.",
        least=7,
        most=365,
        unit="days",
    ),
    _number(
        "login_as_minutes",
        "A visit as a member lasts at most",
        _STAFF,
        60,
        "When this time is over, staff who logged in as a member are back in the back office.",
        least=5,
        most=60,
        unit="minutes",
    ),
    _number(
        "login_as_consent_hours",
        "A request to log in as waits for",
        _STAFF,
        24,
        "Where an account asks for its consent first: how long it has time to answer, and how long its consent holds.",
        least=1,
        most=168,
        unit="hours",
    ),
    _number(
        "sms_code_lifetime_minutes",
        "A code lives",
        _SMS,
        10,
        "How long a code sent by SMS can be typed.",
        least=1,
        most=60,
        unit="minutes",
    ),
    _number(
        "sms_codes_per_day",
        "Codes a day",
        _SMS,
        5,
        "How many codes are sent to one person within 24 hours.",
        least=1,
        most=50,
        unit="codes",
    ),
    _number(
        "sms_code_tries",
        "Tries for a code",
        _SMS,
        5,
        "How often a code may be typed wrongly before it stops working.",
        least=1,
        most=10,
        unit="tries",
    ),
    _number(
        "sms_pause_seconds",
        "Pause between codes",
        _SMS,
        60,
        "How long one has to wait before the next code is sent.",
        least=10,
        most=3600,
        unit="seconds",
    ),
    _number(
        "pay_approval_days",
        "A request for approval waits for",
        _PAYING,
        14,
        "How long the owner has time to approve a payment above a member's limit. Afterwards it is asked anew.",
        least=1,
        most=90,
        unit="days",
    ),
)

SETTINGS: Final[Mapping[str, SettingSpec]] = MappingProxyType({spec.key: spec for spec in _SPECS})
"""Every setting by its key, in the order in which the page shows them."""


def spec_of(key: str) -> SettingSpec:
    """The declaration of a setting; UnknownSetting for a key nobody declared."""
    try:
        return SETTINGS[key]
    except KeyError:
        raise UnknownSetting(f"{key!r} is not declared in domain/settings.py") from None
