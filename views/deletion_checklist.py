"""What stands in the way of deleting an account, with the page that clears it: the checklist of the act."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.permissions import P
from domain.sentences import Sentence, counted
from models import Account
from panel import CheckItem, Visit
from panel.addresses import address
from services.deletions import Blocker, BlockerKind, Consequences, blockers_of, consequences_of
from views.money import format_money


@dataclass(frozen=True, slots=True)
class _Line:
    """How a blocker is said, and where it is cleared: the list of the account's rows, filtered, or an act on it."""

    label: str
    clear: Callable[[int, str], Sentence]
    fine: str
    slug: str
    query: str
    link: str
    grant: P
    act: bool = False


_LINES: Final[Mapping[BlockerKind, _Line]] = {
    BlockerKind.FUNDS: _Line(
        "Balance",
        lambda _number, amount: Sentence(
            "The balance is %(amount)s. Pay it back, or let it be paid where it is below zero.", amount=amount
        ),
        "The house holds no money of theirs.",
        "payments",
        "",
        "Payments",
        P.PAYMENTS_READ,
    ),
    BlockerKind.CREDIT: _Line(
        "Credit limit",
        lambda number, _amount: counted(
            "%(count)s in force. Remove it; a postpaid account is switched to prepaid before.",
            "%(count)s in force. Remove it; a postpaid account is switched to prepaid before.",
            number,
        ),
        "There is no credit limit.",
        "remove-credit-limit",
        "",
        "Remove the credit limit",
        P.STAFF_CREDIT_LIMITS_SET,
        act=True,
    ),
    BlockerKind.DEBT: _Line(
        "Debt",
        lambda _number, amount: Sentence("They owe %(amount)s. Let it be paid, or credit it.", amount=amount),
        "They owe nothing.",
        "invoices",
        "status=unpaid&status=partially_paid",
        "Invoices",
        P.INVOICES_READ,
    ),
    BlockerKind.UNBILLED: _Line(
        "Not billed yet",
        lambda _number, amount: Sentence(
            "They used %(amount)s that no invoice asks for. Switch them to prepaid: that bills it.", amount=amount
        ),
        "All they used is billed.",
        "switch-to-prepaid",
        "",
        "Switch to prepaid",
        P.STAFF_CREDIT_LIMITS_SET,
        act=True,
    ),
    BlockerKind.UNPAID_INVOICES: _Line(
        "Unpaid invoices",
        lambda number, _amount: counted("%(count)s not paid in full.", "%(count)s not paid in full.", number),
        "All are paid.",
        "invoices",
        "status=unpaid&status=partially_paid",
        "Unpaid invoices",
        P.INVOICES_READ,
    ),
    BlockerKind.DRAFTS: _Line(
        "Drafts",
        lambda number, _amount: counted(
            "%(count)s not issued. Issue or delete them.", "%(count)s not issued. Issue or delete them.", number
        ),
        "There are no drafts of invoices.",
        "invoices",
        "status=draft",
        "Drafts",
        P.INVOICES_READ,
    ),
    BlockerKind.PAYMENTS: _Line(
        "Payments under way",
        lambda number, _amount: counted(
            "%(count)s not settled yet. Wait for their outcome.",
            "%(count)s not settled yet. Wait for their outcome.",
            number,
        ),
        "None are under way.",
        "payments",
        "status=pending&status=being_checked",
        "Payments under way",
        P.PAYMENTS_READ,
    ),
    BlockerKind.SUBSCRIPTIONS: _Line(
        "Running subscriptions",
        lambda number, _amount: counted(
            "%(count)s would go on and be billed. Terminate them.",
            "%(count)s would go on and be billed. Terminate them.",
            number,
        ),
        "None are running.",
        "subscriptions",
        "status=active&status=suspended",
        "Subscriptions",
        P.SUBSCRIPTIONS_READ,
    ),
    BlockerKind.TICKETS: _Line(
        "Open tickets",
        lambda number, _amount: counted(
            "%(count)s wait for an answer. Solve them.", "%(count)s wait for an answer. Solve them.", number
        ),
        "None are open.",
        "tickets",
        "status=open&status=waiting_for_customer&status=waiting_for_support",
        "Open tickets",
        P.TICKETS_READ,
    ),
}


def deletion_checklist(visit: Visit, account: Account, now: dt.datetime) -> list[CheckItem]:
    """Every line, also those that are fine; then what the deletion takes from people."""
    checked = [_item(visit, account, blocker) for blocker in blockers_of(account, now=now)]
    return [*checked, *_notes(visit, account, consequences_of(account))]


def _item(visit: Visit, account: Account, blocker: Blocker) -> CheckItem:
    line = _LINES[blocker.kind]
    if not blocker.number:
        return CheckItem(line.label, "fine", line.fine)
    text = line.clear(blocker.number, format_money(blocker.amount, account.currency, visit.locale))
    act = f"{visit.base_url}/accounts/{address(account.client_id)}/{line.slug}"
    url = act if line.act else _list(visit, line.slug, account, line.query)
    links = [(line.link, url)] if visit.allows(line.grant) else []
    return CheckItem(line.label, "blocks", text, links)


def _notes(visit: Visit, account: Account, taken: Consequences) -> list[CheckItem]:
    people = counted(
        "%(count)s can sign in now and will not any more.",
        "%(count)s can sign in now and will not any more.",
        taken.people,
    )
    licenses = counted(
        "%(count)s is in force and belongs to nobody afterwards.",
        "%(count)s are in force and belong to nobody afterwards.",
        taken.licenses,
    )
    customers = counted(
        "%(count)s stands below this reseller. It stays.",
        "%(count)s stand below this reseller. They stay.",
        taken.customers,
    )
    notes = (
        (taken.people, "People", people, "members", P.MEMBERS_READ),
        (taken.licenses, "Licenses", licenses, "licenses", P.LICENSES_READ),
        (taken.customers, "Customer accounts", customers, "", P.ACCOUNTS_READ),
    )
    return [
        CheckItem(
            label,
            "warns",
            text,
            [(label, _list(visit, slug, account))] if slug and visit.allows(grant) else [],
        )
        for number, label, text, slug, grant in notes
        if number
    ]


def _list(visit: Visit, slug: str, account: Account, query: str = "") -> str:
    others = f"&{query}" if query else ""
    return f"{visit.base_url}/{slug}/?account={address(account.client_id)}{others}"
