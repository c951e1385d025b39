"""The business policy that staff may change: every setting there is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.sentences import Sentence
from domain.setting_kinds import SettingSpec, flag, number, text


class UnknownSetting(LookupError):
    """A key nobody declared: a mistake of the programmer's, never of the user's."""


_ACCOUNTS, _STAFF, _SMS, _PAYING = "Accounts and members", "Staff", "Codes by SMS", "Paying"
_SELLER: Final = "Seller on documents"

_SELLER_SPECS: Final = (
    text(
        "seller_name",
        "Name",
        _SELLER,
        "",
        "Who bills. Every document keeps the name, address and VAT ID that stood here when it was issued.",
    ),
    text("seller_line1", "Street and number", _SELLER, "", "The first line of the address."),
    text("seller_line2", "More of the address", _SELLER, "", "A second line, where there is one."),
    text("seller_postal_code", "Postal code", _SELLER, "", "It stands before the city.", most=20),
    text("seller_city", "City", _SELLER, "", "The city of the address."),
    text(
        "seller_country",
        "Country",
        _SELLER,
        "DE",
        "Two letters, like DE. It decides whether a sale to another country of the EU is a reverse charge.",
        most=2,
    ),
    text(
        "seller_vat_id",
        "VAT ID",
        _SELLER,
        "",
        "With the country in front, like DE136695976. Its form and check digits are checked.",
        most=20,
    ),
    text("seller_email", "E-mail for questions", _SELLER, "", "Where questions about a document go.", most=254),
)

_SUBSCRIPTIONS: Final = "Subscriptions"
_SUBSCRIPTION_SPECS: Final = (
    number(
        "order_days",
        "An order that nobody pays is given up after",
        _SUBSCRIPTIONS,
        14,
        "Days after its invoice was due; the invoice is voided. Nothing was provided for it, so nobody is suspended for"
        " it: fewer days than accounts are suspended after.",
        least=1,
        most=365,
        unit="days",
    ),
    number(
        "change_days",
        "A change that nobody pays is given up after",
        _SUBSCRIPTIONS,
        5,
        "Days after it was ordered; its invoice is voided. The renewal waits for it: fewer than the seven days before"
        " the end of a period, on which the next one is billed.",
        least=1,
        most=6,
        unit="days",
    ),
    number(
        "reactivation_days",
        "An expired one can be reactivated for",
        _SUBSCRIPTIONS,
        28,
        "Days after its last day; its settings are kept so long. After that it is terminated.",
        least=0,
        most=365,
        unit="days",
    ),
    flag(
        "align_renewals",
        "Monthly ones come to calendar months",
        _SUBSCRIPTIONS,
        False,
        "The first renewal of what begins from now on runs to the end of the next month, at the price of its days; from"
        " then on from the 1st to the last.",
    ),
)

_DUNNING: Final = "Unpaid invoices"
_DUNNING_SPECS: Final = (
    text(
        "dunning_retry_days",
        "A stored method is charged",
        _DUNNING,
        "0, 1, 3, 7",
        "Days after the due day, rising and separated by commas; 0 is the due day itself. Empty: never by itself.",
        most=60,
    ),
    text(
        "dunning_reminder_days",
        "Reminders are sent",
        _DUNNING,
        "1, 7, 14",
        "Days after the due day, rising and separated by commas. Each is sent once. Empty: none.",
        most=60,
    ),
    number(
        "dunning_warning_days",
        "The final warning is sent after",
        _DUNNING,
        21,
        "Days after the due day. 0: there is none, and accounts are suspended without one.",
        least=0,
        most=365,
        unit="days",
    ),
    number(
        "dunning_suspension_days",
        "The account is suspended after",
        _DUNNING,
        28,
        "Days after the due day, and never sooner after the final warning than the days between the two. 0: never.",
        least=0,
        most=365,
        unit="days",
    ),
)

_DEVICES: Final = "Devices"
_DEVICE_SPECS: Final = (
    number(
        "activation_valid_days",
        "A device works without asking for",
        _DEVICES,
        7,
        "How long a device may believe a signed answer before it has to ask again. What is suspended or reset works on"
        " until then, where the device cannot be reached.",
        least=1,
        most=90,
        unit="days",
    ),
)

_BY_HAND: Final = "Bank transfer and cheque"
_BY_HAND_SPECS: Final = (
    text("bank_payee", "Payee", _BY_HAND, "", "Who the money is sent to. Empty: the seller's name."),
    text("bank_iban", "IBAN or account number", _BY_HAND, "", "Without it, bank transfer is not offered.", most=64),
    text("bank_bic", "BIC or routing number", _BY_HAND, "", "What the payer's bank asks for beside it.", most=40),
    text("bank_name", "Bank", _BY_HAND, "", "The name of the house's bank."),
    text("cheque_payable_to", "Cheques payable to", _BY_HAND, "", "Without it, cheques are not offered."),
    text("cheque_address", "Cheques are sent to", _BY_HAND, "", "The address in one line.", most=255),
)

_OFFERS: Final = "Ways to pay"


def _offer(means: str, label: str) -> tuple[SettingSpec, SettingSpec]:
    everywhere = "Separated by commas; left empty, there is no limit."
    return (
        text(
            f"{means}_countries",
            Sentence("%(label)s: countries", label=Sentence(label)),
            _OFFERS,
            "",
            Sentence(
                "Two letters each, like DE, US: accounts of other countries are not offered it. %(everywhere)s",
                everywhere=Sentence(everywhere),
            ),
            most=255,
        ),
        text(
            f"{means}_currencies",
            Sentence("%(label)s: currencies", label=Sentence(label)),
            _OFFERS,
            "",
            Sentence(
                "Three letters each, like EUR, USD: accounts in other currencies are not offered it. %(everywhere)s",
                everywhere=Sentence(everywhere),
            ),
            most=255,
        ),
    )


_OFFER_SPECS: Final = tuple(
    spec
    for means, label in (
        ("card", "Card"),
        ("paypal", "PayPal"),
        ("paypal_agreement", "PayPal billing agreement"),
        ("bank_transfer", "Bank transfer"),
        ("cheque", "Cheque"),
        ("balance", "Account balance"),
    )
    for spec in _offer(means, label)
)

_LICENSES: Final = "Licenses and prospects"
_LICENSE_SPECS: Final = (
    number(
        "license_resets",
        "A new license can be reset",
        _LICENSES,
        3,
        "How often the MAC and IP address of a new license can be reset. As many are proposed when more are granted.",
        least=0,
        most=100,
        unit="times",
    ),
    number(
        "prospect_days",
        "A prospect is reserved for",
        _LICENSES,
        90,
        "How long a company is kept for the reseller who reserved it. Reservations there are keep their day.",
        least=1,
        most=365,
        unit="days",
    ),
)

_SPECS: Final = (
    number(
        "invitation_days",
        "Invitations live",
        _ACCOUNTS,
        30,
        "How long the link in an invitation can be used.",
        least=1,
        most=90,
        unit="days",
    ),
    number(
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
    number(
        "login_as_minutes",
        "A visit as a member lasts at most",
        _STAFF,
        60,
        "When this time is over, staff who logged in as a member are back in the back office.",
        least=5,
        most=60,
        unit="minutes",
    ),
    number(
        "login_as_consent_hours",
        "A request to log in as waits for",
        _STAFF,
        24,
        "Where an account asks for its consent first: how long it has time to answer, and how long its consent holds.",
        least=1,
        most=168,
        unit="hours",
    ),
    number(
        "sms_code_lifetime_minutes",
        "A code lives",
        _SMS,
        10,
        "How long a code sent by SMS can be typed.",
        least=1,
        most=60,
        unit="minutes",
    ),
    number(
        "sms_codes_per_day",
        "Codes a day",
        _SMS,
        5,
        "How many codes are sent to one person within 24 hours.",
        least=1,
        most=50,
        unit="codes",
    ),
    number(
        "sms_code_tries",
        "Tries for a code",
        _SMS,
        5,
        "How often a code may be typed wrongly before it stops working.",
        least=1,
        most=10,
        unit="tries",
    ),
    number(
        "sms_pause_seconds",
        "Pause between codes",
        _SMS,
        60,
        "How long one has to wait before the next code is sent.",
        least=10,
        most=3600,
        unit="seconds",
    ),
    number(
        "pay_approval_days",
        "A request for approval waits for",
        _PAYING,
        14,
        "How long the owner has time to approve a payment above a member's limit. Afterwards it is asked anew.",
        least=1,
        most=90,
        unit="days",
    ),
    number(
        "month_pack_days",
        "The link to a month pack works for",
        _PAYING,
        7,
        "A month pack holds all documents of an account's month. Afterwards it has to be made anew.",
        least=1,
        most=30,
        unit="days",
    ),
    text(
        "method_warning_days",
        "A stored method's expiry is warned of",
        _PAYING,
        "7, 30",
        "Days before the last day it works, rising and separated by commas. Each warning is sent once. Empty: none.",
        most=60,
    ),
    *_LICENSE_SPECS,
    *_SELLER_SPECS,
    *_SUBSCRIPTION_SPECS,
    *_DUNNING_SPECS,
    *_DEVICE_SPECS,
    *_BY_HAND_SPECS,
    *_OFFER_SPECS,
)

SETTINGS: Final[Mapping[str, SettingSpec]] = MappingProxyType({spec.key: spec for spec in _SPECS})
"""Every setting by its key, in the order in which the page shows them."""


def spec_of(key: str) -> SettingSpec:
    """The declaration of a setting; UnknownSetting for a key nobody declared."""
    try:
        return SETTINGS[key]
    except KeyError:
        raise UnknownSetting(f"{key!r} is not declared in domain/settings.py") from None
