"""What a billing rehearsal says on its pages, as ready text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from domain.periods import last_of_month
from domain.rehearsal import USED, Kind
from domain.sentences import Sentence
from panel import Visit
from panel.addresses import address
from panel.kinds import date_text
from services.rehearsing.asking import Rehearsal, names_of
from services.rehearsing.sheet import WORDS
from views.locale import said
from views.moments import moment_text
from views.money import format_money


@dataclass(frozen=True, slots=True)
class Words:
    """Puts what was foretold into the reader's language, with links below ``url``, the page's address."""

    visit: Visit
    url: str

    def told(self, done: Rehearsal) -> dict[str, Any]:
        """Everything but the rows."""
        found, locale = done.found, self.visit.locale
        names = names_of(client_id for client_id, *_rest in found["accounts"])
        return {
            "at": moment_text(self.visit, done.at),
            "until": date_text(done.asked.until, locale),
            "charges_succeed": done.asked.charges_succeed,
            "run_out": found["run_out"],
            "unpriced": found["unpriced"],
            "months": [self._month(month) for month in found["months"]],
            "accounts": [self._account(names, *each) for each in found["accounts"]],
            "month_of_accounts": self._month(found["months"][-1])["name"],
            "days": [
                {
                    "title": date_text(dt.date.fromisoformat(day), locale),
                    "url": f"{self.url}day/{day}",
                    "note": " · ".join(f"{said(WORDS[Kind(kind)])} {number}" for kind, number in _numbers(totals)),
                    "side": str(rows),
                }
                for day, _start, rows, totals in found["days"]
            ],
        }

    def _month(self, month: dict[str, Any]) -> dict[str, Any]:
        locale = self.visit.locale
        last = dt.date.fromisoformat(month["last"])
        first, end = (dt.date.fromisoformat(day) for day in month["against"])
        name = (
            month["name"]
            if last == last_of_month(last)
            else said(Sentence("%(month)s, to %(day)s", month=month["name"], day=date_text(last, locale)))
        )
        until = date_text(end, locale)
        return {
            "name": name,
            "against": said(Sentence("%(first)s to %(last)s", first=date_text(first, locale), last=until)),
            "rows": [self._compared(*row) for row in month["rows"]],
        }

    def _compared(
        self, kind: str, currency: str, before: Sequence[int], past: Sequence[int], coming: Sequence[int]
    ) -> dict[str, str]:
        money = any(amount for _number, amount in (before, past, coming))
        change = tuple(past[place] + coming[place] - before[place] for place in (0, 1))

        def text(pair: Sequence[int], *, signed: bool = False) -> str:
            sign = "+" if signed else ""
            number = f"{pair[0]:{sign}d}" if pair[0] else "0"
            if not money:
                return number
            plus = "+" if signed and pair[1] > 0 else ""
            return f"{number} · {plus}{format_money(pair[1], currency, self.visit.locale)}"

        return {
            "what": f"{said(WORDS[Kind(kind)])}, {currency}",
            "before": text(before),
            "past": text(past),
            "coming": text(coming),
            "change": text(change, signed=True),
        }

    def _account(self, names: dict[str, str], client_id: str, currency: str, before: int, after: int) -> dict[str, str]:
        change = format_money(after - before, currency, self.visit.locale)
        return {
            "name": names.get(client_id, client_id),
            "url": f"{self.visit.base_url}/accounts/{address(client_id)}",
            "before": format_money(before, currency, self.visit.locale),
            "after": format_money(after, currency, self.visit.locale),
            "change": f"+{change}" if after > before else change,
        }

    def accounts(self, rows: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
        """The rows of a day, account by account."""
        for client_id, of_one in groupby(rows, key=lambda row: row["Client ID"]):
            listed = list(of_one)
            yield {
                "name": listed[0]["Account"],
                "client_id": client_id,
                "url": f"{self.visit.base_url}/accounts/{address(client_id)}",
                "rows": [
                    {
                        "what": row["What"],
                        "about": row["About"],
                        "url": self._about_url(row),
                        "amount": f"{row['Amount']} {row['Currency']}" if row["Amount"] else "",
                    }
                    for row in listed
                ],
            }

    def _about_url(self, row: dict[str, str]) -> str:
        if row["About"] in ("", USED) or row["Follows from a renewal"]:  # what has no invoice yet
            return ""
        return f"{self.visit.base_url}/invoices/{address(row['About'])}"

    def totals(self, totals: list[list[Any]]) -> list[str]:
        """How often and how much of each kind on one day."""
        order = list(Kind)
        return [self._total(*each) for each in sorted(totals, key=lambda each: (order.index(Kind(each[0])), each[1]))]

    def _total(self, kind: str, currency: str, number: int, amount: int) -> str:
        money = f", {format_money(amount, currency, self.visit.locale)}" if amount else ""
        return f"{said(WORDS[Kind(kind)])}: {number}{money}"


def _numbers(totals: list[list[Any]]) -> list[tuple[str, int]]:
    """How often each kind, all currencies together, in the order of Kind."""
    numbers: dict[str, int] = {}
    for kind, _currency, number, _amount in totals:
        numbers[kind] = numbers.get(kind, 0) + number
    order = list(Kind)
    return sorted(numbers.items(), key=lambda each: order.index(Kind(each[0])))
