"""What a setting is: its kind, its default, its limits and its words, and how a typed value is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.refusals import Refusal
from domain.sentences import Sentence

SettingValue = int | bool | str

_YES: Final = frozenset({"yes", "true", "on", "1", "y"})
_NO: Final = frozenset({"", "no", "false", "off", "0"})
_LONGEST_NUMBER: Final = 9


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
            raise SettingNotReadable(
                Sentence("%(label)s: enter at most %(most)s characters.", label=Sentence(self.label), most=self.most)
            )
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
            # As they are typed: without the separators of any language.
            bounds = {"least": str(self.least), "most": str(self.most), "default": str(self.default)}
            if self.unit:
                raise SettingNotReadable(
                    Sentence(
                        "%(label)s: enter a whole number from %(least)s to %(most)s %(unit)s, like %(default)s.",
                        label=Sentence(self.label),
                        unit=Sentence(self.unit),
                        **bounds,
                    )
                )
            raise SettingNotReadable(
                Sentence(
                    "%(label)s: enter a whole number from %(least)s to %(most)s, like %(default)s.",
                    label=Sentence(self.label),
                    **bounds,
                )
            )
        return int(text)

    def _flag(self, text: str) -> bool:
        if text.lower() in _YES:
            return True
        if text.lower() in _NO:
            return False
        raise SettingNotReadable(Sentence("%(label)s: choose yes or no.", label=Sentence(self.label)))


def number(
    key: str, label: str, group: str, default: int, help: str, *, least: int, most: int, unit: str = ""
) -> SettingSpec:
    """A setting that is a whole number within these bounds."""
    return SettingSpec(key, label, group, SettingKind.NUMBER, default, help, least, most, unit)


def text(key: str, label: str, group: str, default: str, help: str, *, most: int = 120) -> SettingSpec:
    """A setting that is a text of at most so many characters."""
    return SettingSpec(key, label, group, SettingKind.TEXT, default, help, most=most)


def flag(key: str, label: str, group: str, default: bool, help: str) -> SettingSpec:
    """A setting that is yes or no."""
    return SettingSpec(key, label, group, SettingKind.FLAG, default, help)
