"""The public data set of a telephone company: its columns, what its services are called here, and one row of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from models.account import PreferredPaymentMethod
from models.payment import PaymentKind
from models.product import ProductKind
from services.imports.cells import amount, one_of, text, whole, yes_or_no
from services.imports.columns import Column, Reader

SOURCE: Final = "telco"
CURRENCY: Final = "USD"
COUNTRY: Final = "US"
_LONGEST_TENURE: Final = 1200  # months


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the file as a product. Prices are shared out by ``weight``, what it usually costs a month."""

    column: str
    code: str
    name: str
    kind: ProductKind
    weight: int


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of the file as a package. All are billed by the month; the contract is for how long one is bound."""

    code: str
    name: str


CONTRACTS: Final = MappingProxyType(
    {
        "Month-to-month": Contract("telco-month-to-month", "Month to month"),
        "One year": Contract("telco-one-year", "One year"),
        "Two year": Contract("telco-two-years", "Two years"),
    }
)

_PHONE: Final = Service("PhoneService", "telco-phone", "Phone service", ProductKind.SERVICE, 20)
_LINES: Final = Service("MultipleLines", "telco-multiple-lines", "Multiple lines", ProductKind.ADD_ON, 5)
_INTERNET: Final = MappingProxyType(
    {
        "DSL": Service("InternetService", "telco-dsl", "DSL internet", ProductKind.SERVICE, 25),
        "Fiber optic": Service("InternetService", "telco-fiber", "Fiber internet", ProductKind.SERVICE, 50),
        "No": None,
    }
)
_ADD_ONS: Final = MappingProxyType(
    {
        service.column: service
        for service in (
            Service("OnlineSecurity", "telco-online-security", "Online security", ProductKind.ADD_ON, 5),
            Service("OnlineBackup", "telco-online-backup", "Online backup", ProductKind.ADD_ON, 5),
            Service("DeviceProtection", "telco-device-protection", "Device protection", ProductKind.ADD_ON, 5),
            Service("TechSupport", "telco-tech-support", "Tech support", ProductKind.SUPPORT, 5),
            Service("StreamingTV", "telco-streaming-tv", "Streaming TV", ProductKind.ADD_ON, 10),
            Service("StreamingMovies", "telco-streaming-movies", "Streaming movies", ProductKind.ADD_ON, 10),
        )
    }
)
SERVICES: Final = (_PHONE, _LINES, *(each for each in _INTERNET.values() if each), *_ADD_ONS.values())

_METHODS: Final = MappingProxyType(
    {
        "Electronic check": (PreferredPaymentMethod.ELECTRONIC_CHECK, PaymentKind.CHEQUE),
        "Mailed check": (PreferredPaymentMethod.MAILED_CHECK, PaymentKind.CHEQUE),
        "Bank transfer (automatic)": (PreferredPaymentMethod.BANK_TRANSFER, PaymentKind.BANK_TRANSFER),
        "Credit card (automatic)": (PreferredPaymentMethod.CREDIT_CARD, PaymentKind.CARD),
    }
)

NO_PHONE: Final = "No phone service"
NO_INTERNET: Final = "No internet service"


def _exactly(*words: str) -> Reader:
    return one_of({word: word for word in words})


def _column(name: str, read: Reader, about: str, *, filled: bool = True) -> Column:
    return Column(name, read, about, filled=filled, needed=True)


COLUMNS: Final = (
    _column("customerID", text(64, shortest=2), "Name, reference and `external_ref` of the account."),
    _column("gender", text(20), "Not imported."),
    _column("SeniorCitizen", text(20), "Not imported."),
    _column("Partner", text(20), "Not imported."),
    _column("Dependents", text(20), "Not imported."),
    _column("tenure", whole(_LONGEST_TENURE), "The subscription began so many months before the day of the import."),
    _column("PhoneService", yes_or_no(), "An item of the subscription."),
    _column("MultipleLines", _exactly("Yes", "No", NO_PHONE), "An item; `No phone service` without PhoneService."),
    _column("InternetService", _exactly(*_INTERNET), "The item DSL internet or Fiber internet."),
    *(
        _column(name, _exactly("Yes", "No", NO_INTERNET), "An item; `No internet service` without InternetService.")
        for name in _ADD_ONS
    ),
    _column("Contract", _exactly(*CONTRACTS), "The package: Month to month, One year or Two years."),
    _column("PaperlessBilling", text(20), "Not imported."),
    _column("PaymentMethod", _exactly(*_METHODS), "The preferred payment method, and how the charges were paid."),
    _column("MonthlyCharges", amount(CURRENCY), "The recurring price of a month. Its items share it."),
    _column(
        "TotalCharges",
        amount(CURRENCY),
        "The invoice “Charges to date”, issued and paid on the day of the import. Blank or 0: no invoice.",
        filled=False,
    ),
    _column("Churn", yes_or_no(), "`Yes`: the subscription is terminated on the day of the import."),
)


@dataclass(frozen=True, slots=True)
class TelcoRow:
    """One customer. Amounts are in cents."""

    line: int
    customer: str
    tenure: int
    has_phone: bool
    has_internet: bool
    add_ons: MappingProxyType[str, str]
    services: tuple[Service, ...]
    contract: str
    preferred_method: PreferredPaymentMethod
    paid_by: PaymentKind
    monthly: int
    total: int
    churned: bool


def row_of(line: int, values: dict[str, Any]) -> TelcoRow:
    internet = _INTERNET[values["InternetService"]]
    chosen = [
        _PHONE if values["PhoneService"] else None,
        _LINES if values["MultipleLines"] == "Yes" else None,
        internet,
        *(service for name, service in _ADD_ONS.items() if values[name] == "Yes"),
    ]
    preferred_method, paid_by = _METHODS[values["PaymentMethod"]]
    return TelcoRow(
        line=line,
        customer=values["customerID"],
        tenure=values["tenure"],
        has_phone=values["PhoneService"],
        has_internet=internet is not None,
        add_ons=MappingProxyType({name: values[name] for name in ("MultipleLines", *_ADD_ONS)}),
        services=tuple(service for service in chosen if service is not None),
        contract=values["Contract"],
        preferred_method=preferred_method,
        paid_by=paid_by,
        monthly=values["MonthlyCharges"],
        total=values["TotalCharges"] or 0,
        churned=values["Churn"],
    )
