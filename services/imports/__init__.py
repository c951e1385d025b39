"""Import from CSV: a check that tells all that is wrong, then everything or nothing, and a second time nothing new."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from services.imports.accounts import AccountImport
from services.imports.invoices import InvoiceImport
from services.imports.kind import ImportKind
from services.imports.licenses import LicenseImport
from services.imports.members import MemberImport
from services.imports.payments import PaymentImport
from services.imports.problems import ImportRefused, Problem
from services.imports.run import ImportReport, check_import, run_import
from services.imports.subscriptions import SubscriptionImport
from services.imports.telco import TelcoImport

_KINDS: Final[tuple[type[ImportKind[Any, Any]], ...]] = (
    AccountImport,
    MemberImport,
    LicenseImport,
    SubscriptionImport,
    InvoiceImport,
    PaymentImport,
    TelcoImport,
)
KINDS: Final[Mapping[str, type[ImportKind[Any, Any]]]] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Every kind of file by its name, in the order a migration needs them."""

__all__ = ["KINDS", "ImportKind", "ImportRefused", "ImportReport", "Problem", "check_import", "run_import"]
