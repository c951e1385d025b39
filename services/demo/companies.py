"""The customers of the demo: the four of the cast, and forty others whose data is drawn from the seed."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from typing import Final

from models.account import PaymentMode, PreferredPaymentMethod, PricingModel
from models.payment import PaymentKind
from services.demo.habits import Habit
from services.demo.world import World

_CURRENCIES: Final = {"US": "USD", "CA": "USD", "AU": "USD", "GB": "GBP", "BA": "EUR"}  # the others pay in EUR
_ZONES: Final = {
    "US": "America/New_York",
    "CA": "America/Toronto",
    "AU": "Australia/Sydney",
    "GB": "Europe/London",
    "DE": "Europe/Berlin",
    "AT": "Europe/Vienna",
    "FR": "Europe/Paris",
    "NL": "Europe/Amsterdam",
    "ES": "Europe/Madrid",
    "SK": "Europe/Bratislava",
    "BA": "Europe/Sarajevo",
}
# Numbers that telephone authorities keep free for stories.
_PHONES: Final = {
    "US": "+1 202 555 01",
    "CA": "+1 613 555 01",
    "AU": "+61 3 7010 55",
    "GB": "+44 1632 9601",
    "FR": "+33 1 99 00 10 ",
}
_STREETS: Final = (
    "Market Street",
    "Station Road",
    "Harbour Lane",
    "Mill Street",
    "Park Avenue",
    "Long Row",
    "High Street",
)
_FIRST_NAMES: Final = """
    Anna Ben Carla David Elena Farid Grace Hugo Ines Jakob Karim Laura Marco Nadia Oscar Petra Quentin Rosa
    Stefan Tara Umar Vera Walter Ximena Yann Zoe Lejla Mirza Noor Sven
"""
_LAST_NAMES: Final = """
    Adler Bianchi Clarke Dubois Eriksen Fischer Garcia Horvath Ivanov Jansen Kaya Lopez Moreau Novak O'Brien
    Patel Quinn Rossi Schmidt Taylor Ulrich Varga Weber Young Zimmermann Begović Kovač Lindqvist Murray Sato
"""

# name, country, city, region
_OTHERS: Final = (
    ("Alder & Sons Logistics", "US", "Columbus", "OH"),
    ("Bayside Clinic Group", "US", "Tampa", "FL"),
    ("Bergmann Elektrotechnik GmbH", "DE", "Leipzig", ""),
    ("Bluewater Hotels", "US", "San Diego", "CA"),
    ("Cedar Ridge School District", "US", "Boise", "ID"),
    ("Comptoir des Vins SARL", "FR", "Bordeaux", ""),
    ("Copperfield Insurance", "GB", "Leeds", ""),
    ("Danube Freight s.r.o.", "SK", "Bratislava", ""),
    ("De Vries Telecom BV", "NL", "Utrecht", ""),
    ("Eastgate Contact Centres", "GB", "Newcastle", ""),
    ("Evergreen Property Partners", "US", "Portland", "OR"),
    ("Fjell IT GmbH", "AT", "Innsbruck", ""),
    ("Granite State Bank", "US", "Concord", "NH"),
    ("Grünwald Apotheken", "DE", "Augsburg", ""),
    ("Harborview Legal", "US", "Seattle", "WA"),
    ("Ibérica Cloud SL", "ES", "Valencia", ""),
    ("Ironbridge Manufacturing", "GB", "Telford", ""),
    ("Juniper Travel", "AU", "Melbourne", "VIC"),
    ("Kaiser & Partner Steuerberatung", "DE", "Mannheim", ""),
    ("Lakeshore Media", "CA", "Toronto", "ON"),
    ("Lumière Santé", "FR", "Lyon", ""),
    ("Maple Leaf Foods Supply", "CA", "Calgary", "AB"),
    ("Meridian Freight Forwarding", "US", "Houston", "TX"),
    ("Mostar Net d.o.o.", "BA", "Mostar", ""),
    ("Nordlicht Energie AG", "DE", "Kiel", ""),
    ("Northwind Outfitters", "US", "Minneapolis", "MN"),
    ("Oakfield Veterinary", "GB", "Norwich", ""),
    ("Orchard Dental Care", "US", "Rochester", "NY"),
    ("Pacific Rim Imports", "US", "Oakland", "CA"),
    ("Palmera Resorts SA", "ES", "Málaga", ""),
    ("Quarry Lane Architects", "GB", "Bristol", ""),
    ("Redwood Credit Union", "US", "Santa Rosa", "CA"),
    ("Rheintal Spedition GmbH", "DE", "Köln", ""),
    ("Sarajevo Call Services", "BA", "Sarajevo", ""),
    ("Silverline Taxi", "US", "Denver", "CO"),
    ("Sonnenhof Kliniken", "DE", "Freiburg", ""),
    ("Stadtwerke Auental", "AT", "Linz", ""),
    ("Sunrise Radio Networks", "US", "Phoenix", "AZ"),
    ("Tidewater Marine", "US", "Norfolk", "VA"),
    ("Tulpen Handel BV", "NL", "Haarlem", ""),
    ("Valley Oak Winery", "US", "Napa", "CA"),
    ("Westerly Call Partners", "US", "Providence", "RI"),
)
GONE: Final = "Quarry Lane Architects"
"""The customer whose account was deleted."""

_LEAVING: Final = (GONE, "Ironbridge Manufacturing")  # who leaves has no credit limit any more
_LIMIT: Final = "1000"
"""The credit limit of postpaid accounts, in their currency."""

# The VAT IDs are made up; their check digits fit.
_VAT_IDS: Final = {
    "Bergmann Elektrotechnik GmbH": "DE123450100",
    "De Vries Telecom BV": "NL123450007B01",
    "Fjell IT GmbH": "ATU12345005",
    "Comptoir des Vins SARL": "FR11123456006",
}
_PREFERRED: Final = {
    PaymentKind.CARD: PreferredPaymentMethod.CREDIT_CARD,
    PaymentKind.CHEQUE: PreferredPaymentMethod.MAILED_CHECK,
    PaymentKind.BANK_TRANSFER: PreferredPaymentMethod.BANK_TRANSFER,
    PaymentKind.PAYPAL: PreferredPaymentMethod.PAYPAL,
    PaymentKind.PAYPAL_AGREEMENT: PreferredPaymentMethod.PAYPAL,
    PaymentKind.BALANCE: PreferredPaymentMethod.ACCOUNT_BALANCE,
    PaymentKind.OTHER: PreferredPaymentMethod.ELECTRONIC_CHECK,
}
_HABITS: Final = (
    Habit(PaymentKind.CARD, 0, 3),
    Habit(PaymentKind.BANK_TRANSFER, 5, 13),
    Habit(PaymentKind.CARD, 0, 6),
    Habit(PaymentKind.PAYPAL, 1, 8),
    Habit(PaymentKind.CHEQUE, 8, 25),
    Habit(PaymentKind.PAYPAL_AGREEMENT, 0, 0),
    Habit(PaymentKind.BANK_TRANSFER, 10, 30),
)


@dataclass(frozen=True)
class Company:
    """A customer as the sales desk writes it down."""

    name: str
    country: str
    city: str
    domain: str
    founded_on: dt.date
    owner: tuple[str, str, str]  # first name, last name, e-mail
    habit: Habit
    region: str = ""
    payment_mode: PaymentMode = PaymentMode.POSTPAID
    pricing_model: PricingModel = PricingModel.LICENSE
    parent: str = ""
    vat_id: str = ""
    tax_exempt: bool = False
    transfers_allowed: bool = False
    branding_enabled: bool = False
    login_consent_required: bool = False
    support_contract_until: dt.date | None = None
    tags: tuple[str, str, str] = ("", "", "")  # CustomerRef, BillingRef, TypeRef

    @property
    def currency(self) -> str:
        return _CURRENCIES.get(self.country, "EUR")

    @property
    def time_zone(self) -> str:
        return _ZONES[self.country]

    @property
    def phone(self) -> str:
        return f"{_PHONES.get(self.country, '+49 30 23125 0')}{_digest(self.domain) % 100:02d}"

    def values(self) -> dict[str, object]:
        """The columns of the account."""
        street = _STREETS[_digest(self.name) % len(_STREETS)]
        return {
            "name": self.name,
            "country": self.country,
            "region": self.region or None,
            "currency": self.currency,
            "time_zone": self.time_zone,
            "pricing_model": self.pricing_model,
            "payment_mode": self.payment_mode,
            "credit_limit": _LIMIT if self.payment_mode is PaymentMode.POSTPAID else None,
            "preferred_payment_method": _PREFERRED[self.habit.method],
            "contact_name": f"{self.owner[0]} {self.owner[1]}",
            "contact_email": f"office@{self.domain}",
            "contact_phone": self.phone,
            "website": f"https://www.{self.domain}",
            "billing_name": self.name,
            "billing_email": f"billing@{self.domain}",
            "billing_line1": f"{_digest(self.city) % 180 + 1} {street}",
            "billing_city": self.city,
            "billing_region": self.region or None,
            "billing_postal_code": f"{_digest(self.name + self.city) % 90_000 + 10_000}",
            "billing_country": self.country,
            "vat_id": self.vat_id or None,
            "tax_exempt": self.tax_exempt,
            "transfers_allowed": self.transfers_allowed,
            "branding_enabled": self.branding_enabled,
            "login_consent_required": self.login_consent_required,
            "support_contract_until": self.support_contract_until,
            "customer_ref": self.tags[0] or None,
            "billing_ref": self.tags[1] or None,
            "type_ref": self.tags[2] or None,
        }


def cast(world: World) -> list[Company]:
    """The four companies of the contract, in the order of their client ids."""
    first = world.beginning.date() + dt.timedelta(days=2)
    return [
        Company(
            name="Acme Telecom",
            country="US",
            city="Springfield",
            region="IL",
            domain="acme.example",
            founded_on=first,
            owner=("Olivia", "Acheson", "owner@acme.example"),
            habit=Habit(PaymentKind.CARD, 0, 3, until=world.day(21)),
            transfers_allowed=True,
            branding_enabled=True,
            support_contract_until=world.today + dt.timedelta(days=244),
            tags=("ACME", "AT-1001", "Reseller"),
        ),
        Company(
            name="Borealis Hosting",
            country="DE",
            city="Hamburg",
            domain="borealis.example",
            founded_on=first + dt.timedelta(days=5),
            owner=("Bruno", "Nordmann", "owner@borealis.example"),
            habit=Habit(PaymentKind.BALANCE, 0, 1),
            payment_mode=PaymentMode.PREPAID,
            pricing_model=PricingModel.APP,
            vat_id="DE987650108",
            login_consent_required=True,
            support_contract_until=world.day(46),
            tags=("BOREALIS", "", "Direct"),
        ),
        Company(
            name="Cirrus Voice",
            country="US",
            city="Austin",
            region="TX",
            domain="cirrus.example",
            founded_on=first + dt.timedelta(days=20),
            owner=("Carmen", "Cirelli", "owner@cirrus.example"),
            habit=Habit(PaymentKind.BANK_TRANSFER, 3, 12, until=world.day(30)),
            parent="Acme Telecom",
            support_contract_until=world.today + dt.timedelta(days=61),
            tags=("CIRRUS", "", "Reseller's"),
        ),
        Company(
            name="Delta Dental",
            country="US",
            city="Wilmington",
            region="DE",
            domain="delta.example",
            founded_on=first + dt.timedelta(days=41),
            owner=("Derek", "Delgado", "owner@delta.example"),
            habit=Habit(PaymentKind.CHEQUE, 8, 20, until=world.day(130)),
            tags=("DELTA", "", "Direct"),
        ),
    ]


def others(world: World) -> list[Company]:
    """Forty-odd believable customers, the oldest first."""
    chance = world.chance("companies")
    first_names, last_names = _FIRST_NAMES.split(), _LAST_NAMES.split()
    names = list(_OTHERS)
    chance.shuffle(names)
    names.sort(key=lambda company: company[0] != GONE)  # the first to come is the first to go
    span = (world.today - world.beginning.date()).days
    made = []
    for place, (name, country, city, region) in enumerate(names):
        # Spread over the three years, none of them younger than a week.
        founded_on = world.beginning.date() + dt.timedelta(days=60 + place * (span - 70) // len(names))
        domain = _domain(name)
        first_name, last_name = chance.choice(first_names), chance.choice(last_names)
        email = f"{_plain(first_name)}.{_plain(last_name)}@{domain}"
        made.append(
            Company(
                name=name,
                country=country,
                city=city,
                region=region,
                domain=domain,
                founded_on=founded_on,
                owner=(first_name, last_name, email),
                habit=_HABITS[place % len(_HABITS)],
                payment_mode=PaymentMode.PREPAID if place % 6 == 3 or name in _LEAVING else PaymentMode.POSTPAID,
                pricing_model=PricingModel.APP if place % 4 == 1 else PricingModel.LICENSE,
                parent="Acme Telecom" if place in (7, 19) else "",
                vat_id=_VAT_IDS.get(name, ""),
                tax_exempt=name in ("Cedar Ridge School District", "Stadtwerke Auental"),
                support_contract_until=world.today + dt.timedelta(days=chance.randrange(-200, 400))
                if place % 3
                else None,
                tags=(_domain(name).split(".")[0].upper()[:12], "", "Direct" if place % 5 else "Partner"),
            )
        )
    return made


def _domain(name: str) -> str:
    words = [_plain(word) for word in name.replace("&", " ").split()]
    return "-".join(word for word in words if word)[:24].strip("-") + ".example"


def _digest(text: str) -> int:
    """A number that belongs to a text, the same each time."""
    return sum(map(ord, text))


def _plain(text: str) -> str:
    """Letters as they stand in addresses."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d").replace("ß", "ss"))
    return "".join(letter for letter in bare if letter.isascii() and letter.isalnum())
