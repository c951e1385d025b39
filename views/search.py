"""The search: one box for names, numbers, codes and addresses, over all that a role may read; and the palette."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from flask import jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from domain.sentences import Sentence
from panel import EVERYONE, Visit
from panel.addresses import address
from panel.door import RealmPage
from panel.words import inside
from services.search import LONGEST_TEXT, SHORTEST_WORD, Found, FoundKind, Hit, search_everything
from views.locale import said
from views.palette import MOST_OFFERED, acts_named, pages_named
from views.tickets import seen_tickets

TOO_LONG: Final = Sentence("Search for at most %(count)s characters.", count=LONGEST_TEXT)
NOT_TEXT: Final = "The search holds a character that is no text."
_LABELS: Final = {
    FoundKind.ACCOUNT: ("Accounts", P.ACCOUNTS_READ),
    FoundKind.MEMBER: ("Members", P.MEMBERS_READ),
    FoundKind.LICENSE: ("Licenses", P.LICENSES_READ),
    FoundKind.SUBSCRIPTION: ("Subscriptions", P.SUBSCRIPTIONS_READ),
    FoundKind.INVOICE: ("Invoices", P.INVOICES_READ),
    FoundKind.CREDIT_NOTE: ("Credit notes", P.CREDIT_NOTES_READ),
    FoundKind.PAYMENT: ("Payments", P.PAYMENTS_READ),
    FoundKind.PAYMENT_METHOD: ("Payment methods", P.PAYMENT_METHODS_READ),
    FoundKind.TICKET: ("Tickets", P.TICKETS_READ),
}


class SearchPage(RealmPage):
    """What was typed stands in the address, so a search can be kept, shared and gone back to."""

    slug, title = "search", "Search"
    group, icon = "", "search"
    verbs: ClassVar[dict[str, str]] = {"index": EVERYONE, "palette": EVERYONE}

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The groups of hits; or straight to the one record whose number was typed."""
        visit = self.visit
        typed = request.args.get("q", "").strip()
        warning: str = NOT_TEXT if "\0" in typed else TOO_LONG if len(typed) > LONGEST_TEXT else ""
        kinds = _kinds(visit)
        found = Found([]) if warning else _search(visit, typed, kinds)
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

    @expose("/palette")
    def palette(self) -> ResponseReturnValue:
        """What static/js/palette.js offers for what is typed: [{label, items: [{title, note, url}]}].

        The record whose number was typed comes first, then pages and acts, then what holds the words.
        """
        visit = self.visit
        typed = request.args.get("q", "").strip()
        found = _search(visit, typed, _kinds(visit))
        exact = [_offer(visit, hit) for hit in found.hits if hit.exact]
        groups = [("", exact), ("Go to", pages_named(visit, typed)), ("Do", acts_named(visit, typed))]
        for kind, (label, _grant) in _LABELS.items():
            hits = [hit for hit in found.hits if hit.kind is kind and not hit.exact][:MOST_OFFERED]
            groups.append((label, [_offer(visit, hit) for hit in hits]))
        return jsonify([{"label": said(label), "items": items} for label, items in groups if items])


def _kinds(visit: Visit) -> list[FoundKind]:
    """What this visit may look for: in a portal everything but accounts."""
    kinds = [kind for kind, (_, grant) in _LABELS.items() if visit.allows(grant)]
    return [kind for kind in kinds if visit.owner_id is None or kind is not FoundKind.ACCOUNT]


def _search(visit: Visit, typed: str, kinds: list[FoundKind]) -> Found:
    return search_everything(typed, kinds, account_id=visit.owner_id, seen_tickets=seen_tickets(visit))


def _offer(visit: Visit, hit: Hit) -> dict[str, str]:
    item = _item(visit, hit)
    return {"title": str(item["title"]), "note": str(item["note"] or item["side"]), "url": str(item["url"])}


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
    alone = hit.kind is FoundKind.ACCOUNT or visit.owner_id is not None
    parts = [hit.note] if alone else [hit.note, account]
    return {
        "title": hit.title,
        "url": _url(visit, hit),
        "note": " · ".join(part for part in parts if part and part != hit.title),
        "side": hit.client_id if hit.kind is FoundKind.ACCOUNT else "",
        "badge": "",
    }


def _url(visit: Visit, hit: Hit) -> str:
    return f"{visit.base_url}/{hit.kind.value}/{address(hit.key)}"
