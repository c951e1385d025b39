"""The search of the back office: one box for names, numbers, codes and addresses, over all that a role may read."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from domain.sentences import Sentence
from panel import EVERYONE, Visit
from panel.addresses import address
from panel.door import RealmPage
from panel.words import inside
from services.search import LONGEST_TEXT, SHORTEST_WORD, Found, FoundKind, Hit, search_everything
from views.tickets import seen_tickets

TOO_LONG: Final = Sentence("Search for at most %(count)s characters.", count=LONGEST_TEXT)
NOT_TEXT: Final = "The search holds a character that is no text."
_LABELS: Final = {
    FoundKind.ACCOUNT: ("Accounts", P.ACCOUNTS_READ),
    FoundKind.MEMBER: ("Members", P.MEMBERS_READ),
    FoundKind.LICENSE: ("Licenses", P.LICENSES_READ),
    FoundKind.INVOICE: ("Invoices", P.INVOICES_READ),
    FoundKind.TICKET: ("Tickets", P.TICKETS_READ),
}


class SearchPage(RealmPage):
    """What was typed stands in the address, so a search can be kept, shared and gone back to."""

    slug, title = "search", "Search"
    group, icon = "", "search"
    verbs: ClassVar[dict[str, str]] = {"index": EVERYONE}

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The groups of hits; or straight to the one record whose number was typed."""
        visit = self.visit
        typed = request.args.get("q", "").strip()
        warning: str = NOT_TEXT if "\0" in typed else TOO_LONG if len(typed) > LONGEST_TEXT else ""
        kinds = [kind for kind, (_, grant) in _LABELS.items() if visit.allows(grant)]
        found = Found([]) if warning else search_everything(typed, kinds, seen_tickets=seen_tickets(visit))
        if found.only_exact is not None:
            return redirect(_url(visit, found.only_exact), code=303)
        if found.left_out:
            warning = Sentence(
                "Search words need at least %(count)s characters; left out: %(words)s.",
                count=SHORTEST_WORD,
                words=", ".join(found.left_out),
            )
        return render_template(
            "pages/search/results.html",
            layout=self.realm.layout,
            visit=visit,
            title=self.title,
            search_text=typed.replace("\0", "")[:LONGEST_TEXT],
            warning=warning,
            groups=[_group(visit, kind, found, typed) for kind in kinds if any(hit.kind is kind for hit in found.hits)],
            searched=", ".join(inside(_LABELS[kind][0]) for kind in kinds),
        )


def _group(visit: Visit, kind: FoundKind, found: Found, typed: str) -> dict[str, Any]:
    label, _ = _LABELS[kind]
    hits = [hit for hit in found.hits if hit.kind is kind]
    return {
        "label": label,
        "items": [_item(visit, hit) for hit in hits],
        "all_url": f"{visit.base_url}/{kind.value}/?q={address(typed)}" if kind in found.more else "",
    }


def _item(visit: Visit, hit: Hit) -> dict[str, Any]:
    account = f"{hit.account_name} ({hit.client_id})"
    parts = [hit.note] if hit.kind is FoundKind.ACCOUNT else [hit.note, account]
    return {
        "title": hit.title,
        "url": _url(visit, hit),
        "note": " · ".join(part for part in parts if part and part != hit.title),
        "side": hit.client_id if hit.kind is FoundKind.ACCOUNT else "",
        "badge": "",
    }


def _url(visit: Visit, hit: Hit) -> str:
    return f"{visit.base_url}/{hit.kind.value}/{address(hit.key)}"
