"""The kinds and terms of licenses: apart from the license, because packages name them too."""

from __future__ import annotations

import enum

from models.price import BillingPeriod


class LicenseKind(enum.StrEnum):
    """What a license is for; prices of the license type are one a kind."""

    BUSINESS = "business"
    CALL_CENTER = "call_center"
    MULTI_TENANT = "multi_tenant"
    HOSTED = "hosted"
    CLIENT_APP = "client_app"


class LicenseDuration(enum.StrEnum):
    """How long a license runs."""

    TRIAL = "trial"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    TWO_YEARLY = "two_yearly"
    PERPETUAL = "perpetual"

    @classmethod
    def of(cls, billing: BillingPeriod) -> LicenseDuration:
        """That of what is paid so often. A quarter has none of its own and runs by the month."""
        by_name = {BillingPeriod.ONCE: cls.PERPETUAL, BillingPeriod.QUARTERLY: cls.MONTHLY}
        return by_name.get(billing) or cls(billing.value)
