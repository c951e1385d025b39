"""Every building block of the pages in each of its states, for those who build pages; not in production."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from flask import abort, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField

from config import Environment, Settings
from domain.business_figures import Figures, months_until
from panel import EVERYONE, CheckItem, DetailsField, TimelineEntry
from panel.door import RealmPage
from panel.form import Form
from panel.pages import ActionLink, Heading, Row
from views.business_chart import business_chart

LONG: Final = "Donaudampfschifffahrtsgesellschaftskapitän & Söhne International Holdings (Deutschland) GmbH & Co. KG"
RIGHT_TO_LEFT: Final = "شركة الاتصالات المتحدة 🙂"
TONES: Final = ("muted", "info", "success", "warning", "danger")


class SampleForm(Form):
    """One field of each kind; the second half holds mistakes."""

    name = StringField("Company", description="As it stands in the register.")
    country = SelectField("Country", choices=[("DE", "Germany"), ("BA", "Bosnia and Herzegovina")])
    starts_on = DateField("Starts on")
    seats = IntegerField("Seats")
    remark = TextAreaField("Remark")
    agreed = BooleanField("Send the invoice by e-mail")
    email = StringField("E-mail")


@dataclass(frozen=True)
class SampleFilter:
    """What a filter of a list looks like (panel.pages.FilterField)."""

    name: str
    label: str
    kind: str
    values: tuple[str, ...] = ("", "")
    options: tuple[Any, ...] = ()
    error: str = ""
    lookup_url: str = ""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass(frozen=True)
class SampleOption:
    value: str
    label: str
    selected: bool = False


@dataclass(frozen=True)
class SamplePages:
    """Addresses of a pager."""

    first: str = ""
    previous: str = ""
    next: str = ""
    last: str = ""


@dataclass(frozen=True)
class SampleChip:
    label: str
    value: str
    remove_url: str = "#chips"


@dataclass(frozen=True)
class SampleList:
    """A list's page, as far as its form shows it."""

    url: str = "#filters"
    title: str = "Samples"
    search: str = ""
    search_label: str = "Search samples"
    keep: tuple[tuple[str, str], ...] = ()
    chips: tuple[SampleChip, ...] = (SampleChip("Status", "Unpaid"),)
    clear_url: str = "#filters"
    filters: tuple[SampleFilter, ...] = field(default=())


class ComponentsPage(RealmPage):
    """Shown in the demo, in tests and while developing: in production the address leads nowhere."""

    slug, title = "components", "Components"
    verbs: ClassVar[dict[str, str]] = {"index": EVERYONE}

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """All of them on one page, under headings of their own."""
        if _in_production():
            abort(404)
        return render_template(
            "pages/components.html", layout=self.realm.layout, visit=self.visit, title=self.title, **samples(self)
        )


def _in_production() -> bool:
    settings: Settings = current_app.extensions["settings"]
    return settings.environment is Environment.PRODUCTION


def samples(page: ComponentsPage) -> dict[str, Any]:
    """What the components are shown with: usual, empty, long and right-to-left content."""
    form = SampleForm(formdata=None, name=RIGHT_TO_LEFT, remark=LONG)
    form.email.data, form.email.errors = "mia@", ["Enter an e-mail address like mia@example.com."]
    form.seats.errors = ["Enter a whole number from 1 to 500."]
    months = months_until(page.hooks.now().date())
    figures = Figures(
        [120_000 * (1 + number % 4) for number in range(12)],
        [110_000 * (1 + number % 3) for number in range(12)],
        [30_000 * (number % 5) for number in range(12)],
    )
    return {
        "form": form,
        "chart": business_chart(months, figures, "EUR", page.visit.locale),
        "headings": _HEADINGS,
        "rows": _ROWS,
        "acts": _ACTS,
        "facts": _FACTS,
        "checks": _CHECKS,
        "events": _EVENTS,
        "list_page": SampleList(filters=_FILTERS),
        "pages": SamplePages(next="#pager", last="#pager"),
        "chips": [SampleChip("Status", "Unpaid"), SampleChip("Account", LONG)],
        "long": LONG,
        "rtl": RIGHT_TO_LEFT,
        "tones": TONES,
        "emergency": Markup("<p>We work on it.</p>"),
    }


_ACTS: Final = (
    ActionLink("pay", "Pay", "#acts", asks=False),
    ActionLink("void", "Void", "#acts", danger=True, asks=False),
    ActionLink("remind", "Send a reminder", "#acts", asks=False),
    ActionLink("delete", "Delete", "#acts", danger=True, asks=False),
)
_HEADINGS: Final = (
    Heading("number", "Number", "code", "#table", "descending"),
    Heading("customer", "Customer", "text", "#table"),
    Heading("status", "Status", "choice"),
    Heading("issued_on", "Issued", "date"),
    Heading("total", "Total", "money"),
)
_ROWS: Final = tuple(
    Row(
        str(number),
        f"INV-{number}",
        "#table",
        (
            Markup('<a href="#table">INV-2026-000{}</a>').format(number),
            Markup("<bdi>{}</bdi>").format(customer),
            Markup('<span class="badge tone-{}">{}</span>').format(tone, word),
            Markup("Nov 1, 2026"),
            Markup("€1,234.50"),
        ),
        _ACTS[:2],
    )
    for number, (customer, tone, word) in enumerate(
        (("Acme Telecom", "success", "Paid"), (LONG, "danger", "Overdue"), (RIGHT_TO_LEFT, "warning", "Unpaid")), 1
    )
)
_FACTS: Final = (
    DetailsField("name", "Name", "text", Markup("Acme Telecom")),
    DetailsField("empty", "Licensee", "text", Markup("")),
    DetailsField("long", "Long", "text", Markup("<bdi>{}</bdi>").format(LONG)),
    DetailsField("total", "Total", "money", Markup("€1,234.50")),
)
_CHECKS: Final = (
    CheckItem("No unpaid invoices", "fine", ""),
    CheckItem("Licenses in force", "warns", "Three licenses end with the account."),
    CheckItem("Payment under way", "blocks", "Wait until it is settled.", (("Open it", "#checklist"),)),
)
_EVENTS: Final = (
    TimelineEntry("Nov 1, 2026, 10:00", "2026-11-01T10:00:00+00:00", "Ada Lind", "Changed the price", "staff",
                  (("Price", "€10.00", "€12.00"),)),
    TimelineEntry("Oct 1, 2026, 10:00", "2026-10-01T10:00:00+00:00", RIGHT_TO_LEFT, "Signed in", "portal"),
)  # fmt: skip
_FILTERS: Final = (
    SampleFilter("name", "Name", "text", ("acme",)),
    SampleFilter("status", "Status", "choice", (), (SampleOption("a", "Unpaid", True), SampleOption("b", "Paid"))),
    SampleFilter("rare", "Overdue", "boolean", ("",), (SampleOption("yes", "Yes"), SampleOption("no", "No"))),
    SampleFilter("issued_on", "Issued", "dates", ("2026-01-01", "")),
    SampleFilter("total", "Total", "money", ("ten", ""), (), "Enter an amount like 12.50."),
)
