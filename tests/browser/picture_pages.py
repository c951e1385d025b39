"""What the pictures of the guides and of the documents show: a page of the demo, and who looks at it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """A page as a picture shows it. ``name`` is that of its file, ``who`` signs in, and ``path`` is below their realm
    (a path that begins with / is below none).

    ``opens_first``: not the list but its first record. ``clicks`` are selectors pressed in turn, and ``at`` is what
    stands at the top of the window.
    """

    name: str
    who: str
    path: str
    opens_first: bool = False
    clicks: tuple[str, ...] = ()
    at: str = ""


def _portal(name: str, path: str, *, who: str = "owner", **more: object) -> View:
    below = path if path.startswith("/") else f"/portal/10001/{path}"
    return View(name, f"{who}@acme.example", below, **more)  # type: ignore[arg-type]


def _staff(name: str, path: str, *, who: str = "admin", **more: object) -> View:
    below = path if path.startswith("/") else f"/staff/{path}"
    return View(name, f"{who}@foyer.example", below, **more)  # type: ignore[arg-type]


FILTERS = (".filters > summary",)

# The pictures in guides/, by the person the guide is for.
GUIDES = (
    _portal("portal-dashboard", ""),
    _portal("portal-filters", "invoices/", clicks=FILTERS),
    _portal("portal-profile", "/settings/profile"),
    _portal("portal-notification-settings", "/settings/notifications"),
    _portal("portal-two-step", "/settings/two-step-verification"),
    _portal("portal-members", "members/"),
    _portal("portal-change-roles", "members/?q=tickets", opens_first=True, clicks=("a:text-is('Change roles')",)),
    _portal(
        "portal-pay", "invoices/?status=unpaid", opens_first=True, clicks=("main .page-head a:text-is('Pay now')",)
    ),
    _portal("portal-approvals", "pay-approvals/"),
    _portal("portal-store", "store/"),
    _portal("portal-access", "login-consent-rule/"),
    _portal("portal-invoice", "invoices/?status=paid", opens_first=True, who="billing"),
    _portal("portal-statements", "statements/", who="billing"),
    _portal("portal-payments", "payments/", who="payments"),
    _portal("portal-licenses", "licenses/", who="licenses-edit"),
    _portal("portal-license", "licenses/?status=active", opens_first=True, who="licenses-edit"),
    _portal("portal-app-report", "client-app-report/", who="licenses"),
    _portal(
        "portal-app-wizard",
        "licenses/?status=active",
        opens_first=True,
        who="licenses-edit",
        clicks=("a:text-is('App wizard')",),
    ),
    _portal(
        "portal-reset",
        "licenses/?status=active",
        opens_first=True,
        who="licenses-edit",
        clicks=("a:text-is('Reset MAC/IP address')",),
    ),
    _portal("portal-subscriptions", "subscriptions/", who="subscriptions-edit"),
    _portal("portal-subscription", "subscriptions/?status=active", opens_first=True, who="subscriptions-edit"),
    _portal("portal-items", "subscription-items/", who="subscriptions"),
    _portal(
        "portal-quantities",
        "subscriptions/?status=active",
        opens_first=True,
        who="subscriptions-edit",
        clicks=("a:text-is('Change quantities')",),
    ),
    _portal("portal-chat", "chat/", who="chat"),
    _portal("portal-ticket-new", "tickets/new", who="tickets"),
    _portal("portal-ticket", "tickets/T-000051", who="tickets"),
    _portal("portal-tickets", "tickets/", who="tickets"),
    _portal("portal-releases", "releases/", who="releases"),
    _portal("portal-release", "releases/", opens_first=True, who="releases"),
    _staff("staff-home", "", who="agent"),
    _staff("staff-filters", "invoices/", clicks=FILTERS),
    _staff("staff-views", "invoices/", clicks=("a:text-is('Columns and views')",)),
    _staff("staff-two-step", "/settings/two-step-verification"),
    _staff("staff-first-steps", "first-steps/"),
    _staff("staff-new-colleague", "staff-members/new"),
    _staff("staff-prices", "prices/"),
    _staff("staff-account", "accounts/10001"),
    _staff("staff-settings", "settings/"),
    _staff("staff-jobs", "jobs/"),
    _staff("staff-audit", "audit/?account=10001", who="auditor"),
    _staff("staff-rehearsal", "rehearsal/", who="finance"),
    _staff("staff-new-invoice", "new-invoice/?account=10001", who="finance"),
    _staff("staff-record-payment", "received-payments/?account=10001", who="finance"),
    _staff("staff-invoice", "invoices/?status=unpaid", opens_first=True, who="finance"),
    _staff("staff-account-billing", "accounts/10001", who="finance"),
    _staff("staff-invoices", "invoices/", who="finance"),
    _staff("staff-books", "books/", who="finance"),
    _staff("staff-new-account", "accounts/new", who="sales"),
    _staff("staff-account-sales", "accounts/10001", who="sales"),
    _staff("staff-prospects", "prospects/", who="sales"),
    _staff("staff-packages", "packages/", who="sales"),
    _staff("staff-financing", "financing-requests/", opens_first=True, who="sales"),
    _staff("staff-orders", "orders/", who="sales"),
    _staff("staff-tickets", "tickets/", who="agent"),
    _staff("staff-ticket", "tickets/T-000053", who="agent"),
    _staff(
        "staff-macros",
        "tickets/T-000053",
        who="agent",
        clicks=("summary:has-text('Macros')", "summary:has-text('Ready answers')"),
        at="label:has-text('Copy to')",
    ),
    _staff("staff-license", "licenses/?status=active", opens_first=True, who="agent"),
    _staff("staff-account-support", "accounts/10001", who="agent"),
    _staff("staff-account-auditor", "accounts/10001", who="auditor"),
    _staff("staff-staff", "staff-members/", who="auditor"),
)

# The ten main pages, in docs/tour.md.
TOUR = (
    _staff("staff-home", ""),
    _staff("staff-invoices", "invoices/?status=unpaid&status=partially_paid"),
    _staff("staff-account", "accounts/10001"),
    _staff("staff-ticket", "tickets/T-000053"),
    _staff("staff-settings", "settings/"),
    _portal("portal-dashboard", ""),
    _portal("portal-invoice", "invoices/?status=partially_paid", opens_first=True),
    _portal("portal-license", "licenses/?status=active", opens_first=True),
    _portal("portal-store", "store/"),
    _portal("portal-ticket", "tickets/T-000051"),
)

# A few of them on a telephone.
PHONE = (
    _portal("phone-dashboard", ""),
    _portal("phone-invoices", "invoices/"),
    _staff("phone-ticket", "tickets/T-000053"),
)
