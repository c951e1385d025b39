"""The pages on which a payer acts at a simulated provider. Plain HTML: no card number is ever typed here."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from html import escape

from babel.numbers import format_currency

from domain.currencies import exponent_of

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:8vh auto;padding:0 1rem;color:#1f2430}"
    "small{color:#6a7080}label{display:block;padding:.3rem 0}"
    "button{font:inherit;padding:.5rem 1rem;margin:1rem .5rem 0 0}"
    ".said{color:#a30f2d}.sum{font-size:1.6rem;margin:.2rem 0}"
    "@media(prefers-color-scheme:dark){body{background:#14171d;color:#e6e8ee}small{color:#9aa1b1}.said{color:#ff8a9b}}"
)


def ask(
    verb: str,
    choices: Mapping[str, str],
    *,
    legend: str = "Card",
    money: str = "",
    what: str = "",
    said: str = "",
    fields: Mapping[str, str] | None = None,
) -> str:
    """Ask for one of the simulator's cards or wallets. ``fields`` come back with the answer."""
    about = f"<p class=sum>{escape(money)}</p><p>{escape(what)}</p>" if money else f"<p>{escape(what)}</p>"
    offered = "".join(
        f"<label><input type=radio name=card value={name} {'checked' if number == 0 else ''}> {escape(label)}</label>"
        for number, (name, label) in enumerate(choices.items())
    )
    told = f"<p class=said role=alert>{escape(said)}</p>" if said else ""
    hidden = "".join(
        f"<input type=hidden name={escape(name)} value='{escape(value)}'>" for name, value in (fields or {}).items()
    )
    return _page(
        verb,
        f"{about}{told}<form method=post>{hidden}<fieldset><legend>{escape(legend)}</legend>{offered}</fieldset>"
        f"<button name=pay value=1>{escape(verb)}</button><button name=cancel value=1>Cancel</button></form>",
    )


def closed() -> str:
    """Nothing is asked here any more."""
    return _page("This page is closed", "<p>It was used, given up, or open too long. Nothing can be paid here.</p>")


def money(amount: int, currency: str) -> str:
    """Minor units, as people read them."""
    whole = Decimal(amount).scaleb(-exponent_of(currency.upper()))
    return format_currency(whole, currency.upper(), locale="en")


def _page(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style><small>Simulated payment provider: no real money"
        f"</small><h1>{escape(title)}</h1>{body}</html>"
    )
