"""What somebody wrote in an answer, parted from what their mail program quoted below or above it.

There is no standard for it: the marks are those that mail programs write (RFC 3676 section 4.5 for ``>`` and section
4.3 for signatures; the rest by their own habits, in the languages below). When in doubt a line counts as written: a
quote that is shown does less harm than an answer that is folded away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_LONGEST_LOOKED_AT: Final = 500
_LINES_OF_ATTRIBUTION: Final = 4
_LONGEST_SIGNATURE: Final = 15

_WROTE: Final = re.compile(
    r"^\s*(?:"
    r"On\b.+\bwrote"
    r"|(?:Am|Den)\b.+\b(?:schrieb|skrev)\b.*"
    r"|Le\b.+\ba\s+écrit"
    r"|El\b.+\bescribió"
    r"|Il\b.+\bha\s+scritto"
    r"|(?:Em|No dia)\b.+\bescreveu"
    r"|Op\b.+\bschreef\b.*"
    r"|W dniu\b.+\b(?:pisze|napisał\(?a?\)?)"
    r"|(?:Dana|Dne)\b.+\b(?:napisao|napisala|je napisao/la|napsal\(?a?\)?)\b.*"
    r"|.+\b(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|написал|пишет|писал)(?:\(?а\)?)?"
    r")\s*:\s*$",
    re.IGNORECASE,
)
_TELLS_WHO_OR_WHEN: Final = re.compile(r"\d{1,4}|@")
_BEGINS_ATTRIBUTION: Final = re.compile(r"^\s*(?:On|Am|Den|Le|El|Il|Em|No dia|Op|W dniu|Dana|Dne)\b", re.IGNORECASE)
_ORIGINAL: Final = re.compile(
    r"^\s*>?\s*[-_]{2,}\s*(?:"
    r"Original (?:Message|Appointment)|Ursprüngliche Nachricht|Originalnachricht|Weitergeleitete Nachricht"
    r"|Message d['’]origine|Message original|Message transféré|Mensaje original|Mensaje reenviado"
    r"|Messaggio originale|Messaggio inoltrato|Mensagem original|Oorspronkelijk bericht|Wiadomość oryginalna"
    r"|Originalna poruka|Izvorna poruka|Originalmeddelande|Исходное сообщение"
    r"|Forwarded message|Reply message"
    r")\s*[-_]{2,}\s*$",
    re.IGNORECASE,
)
_BEGIN_FORWARDED: Final = re.compile(r"^\s*Begin forwarded message:\s*$|^\s*Anfang der weitergeleiteten", re.IGNORECASE)
_FROM_FIELD: Final = re.compile(r"^\s*\*?(?:From|Von|De|Da|Van|Od|Från|От)\s*:\*?\s*\S", re.IGNORECASE)
_OTHER_FIELD: Final = re.compile(
    r"^\s*\*?(?:Sent|Date|To|Cc|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|A|Objet|Enviado(?: el)?|Fecha|Para|Asunto"
    r"|Inviato|Data|Oggetto|Verzonden|Aan|Onderwerp|Wysłano|Do|Temat|Poslano|Poslato|Prima|Predmet|Skickat|Till|Ämne"
    r"|Отправлено|Кому|Тема)\s*(?:\([^)]*\)\s*)?:\*?",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"^\s*[_]{10,}\s*$")
_QUOTED: Final = re.compile(r"^\s{0,3}>")
_SIGNATURE: Final = re.compile(r"^--\s*$")
_SENT_FROM: Final = re.compile(
    r"^\s*(?:Sent from my \w+|Sent from (?:Mail|Outlook)\b.*|Get Outlook for \w+.*|Von meinem \w+ gesendet"
    r"|Gesendet von (?:meinem|Mail|Outlook)\b.*|Envoyé de(?:puis)? mon \w+|Enviado desde mi \w+|Inviato da \w+"
    r"|Verzonden vanaf mijn \w+|Poslano s mog \w+)\.?(?:\s*<[^>]*>)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parted:
    """What is new, and what was quoted; together they hold every line. ``quoted`` may be empty."""

    new: str
    quoted: str


def part_quoted(text: str) -> Parted:
    """Part an answer. When nothing would be left as new, all of it is: a forwarded mail without a word of its own."""
    lines = text.splitlines()
    begin = _begin_of_quote(lines)
    if begin is not None and not _written(lines[:begin]):
        below = _answer_below(lines, begin)
        if below is None:
            return Parted(text.strip(), "")
        kept = _without_tail(lines[below:])
        return Parted(_joined(kept), _joined([*lines[:below], *lines[below + len(kept) :]]))
    kept = _without_tail(lines if begin is None else lines[:begin])
    if not _written(kept):
        return Parted(text.strip(), "")
    return Parted(_joined(kept), _joined(lines[len(kept) :]))


def _begin_of_quote(lines: Sequence[str]) -> int | None:
    """The line from which on everything is quoted, or where a quote begins that an answer stands below of."""
    attributions_end_it = True
    for number, line in enumerate(lines):
        looked = line[:_LONGEST_LOOKED_AT]
        if _ORIGINAL.match(looked) or _BEGIN_FORWARDED.match(looked) or _is_header_block(lines, number):
            return _with_rule_above(lines, number)
        length = _attribution(lines, number) if attributions_end_it else 0
        if length:
            if not _answered_between(lines, number + length):
                return number
            attributions_end_it = False  # whoever answers between the lines does so to the end
    return None


def _with_rule_above(lines: Sequence[str], number: int) -> int:
    above = number - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above][:_LONGEST_LOOKED_AT]) else number


def _is_header_block(lines: Sequence[str], number: int) -> bool:
    """Outlook's: From, and at least two of Sent, To, Subject in the lines below."""
    if not _FROM_FIELD.match(lines[number][:_LONGEST_LOOKED_AT]):
        return False
    below = [line[:_LONGEST_LOOKED_AT] for line in lines[number + 1 : number + 7] if line.strip()]
    return sum(1 for line in below[:5] if _OTHER_FIELD.match(line)) >= 2


def _attribution(lines: Sequence[str], number: int) -> int:
    """How many lines "On … wrote:" takes from here; none is 0. Mail programs break it at 76 characters."""
    first = lines[number][:_LONGEST_LOOKED_AT]
    if not first.strip() or _QUOTED.match(first):
        return 0
    several = _LINES_OF_ATTRIBUTION if _BEGINS_ATTRIBUTION.match(first) else 1
    whole = ""
    for length, line in enumerate(lines[number : number + several], start=1):
        if not line.strip():
            return 0
        whole = f"{whole} {line[:_LONGEST_LOOKED_AT].strip()}"[: 2 * _LONGEST_LOOKED_AT]
        if line.rstrip().endswith(":") and _TELLS_WHO_OR_WHEN.search(whole) and _WROTE.match(whole):
            return length
    return 0


def _answered_between(lines: Sequence[str], place: int) -> bool:
    """Whether somebody wrote between the quoted lines from here on: then their answers are not to be folded."""
    seen_quote = seen_answer = False
    for line in lines[place:]:
        if _QUOTED.match(line):
            if seen_answer:
                return True
            seen_quote = True
        elif _SIGNATURE.match(line):
            return False
        elif line.strip() and seen_quote:
            seen_answer = True
    return False


def _answer_below(lines: Sequence[str], begin: int) -> int | None:
    """Where an answer begins that was written below the quote at the beginning; None without one."""
    place = begin + max(1, _attribution(lines, begin))
    while place < len(lines) and not lines[place].strip():
        place += 1
    if place >= len(lines) or not _QUOTED.match(lines[place]):
        return None
    while place < len(lines) and (_QUOTED.match(lines[place]) or not lines[place].strip()):
        place += 1
    return place if _written(_without_tail(lines[place:])) else None


def _without_tail(lines: Sequence[str]) -> Sequence[str]:
    """Without the quoted block at the end, and without the signature."""
    for number, line in enumerate(lines):
        if line == "-- " or (_SIGNATURE.match(line) and len(lines) - number <= _LONGEST_SIGNATURE):
            lines = lines[:number]
            break
    end = _without_blanks(lines, len(lines))
    while end and _QUOTED.match(lines[end - 1]):
        end = _without_blanks(lines, end - 1)
    if end and _SENT_FROM.match(lines[end - 1][:_LONGEST_LOOKED_AT]):
        end = _without_blanks(lines, end - 1)
    return lines[:end]


def _without_blanks(lines: Sequence[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _written(lines: Sequence[str]) -> bool:
    return any(line.strip() and not _QUOTED.match(line) for line in lines)


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n")
