"""The generator: a record described once becomes its pages in both realms. It knows no record of ours."""

from panel.actions import Action, Submit, lead
from panel.checks import ResourceMistake
from panel.door import RealmPage, RealmView
from panel.fields import TicksField
from panel.filters import Choice, DateRange, Filter, Lookup, MoneyRange, Passed, Text, YesNo
from panel.hooks import Hooks
from panel.pages import Banner, CheckItem, DetailsField, Facts, TimelineEntry
from panel.realm import BOTH, EVERYONE, PORTAL, STAFF, Realm, Visit, current_visit
from panel.resource import Column, FurtherExport, Reference, Related, Resource, Section, everyone, reading, words
from panel.scope import unscoped, without_others
from panel.search import OwnSearch
from panel.site import Route, Site

__all__ = [
    "BOTH",
    "EVERYONE",
    "PORTAL",
    "STAFF",
    "Action",
    "Banner",
    "CheckItem",
    "Choice",
    "Column",
    "DateRange",
    "DetailsField",
    "Facts",
    "Filter",
    "FurtherExport",
    "Hooks",
    "Lookup",
    "MoneyRange",
    "OwnSearch",
    "Passed",
    "Realm",
    "RealmPage",
    "RealmView",
    "Reference",
    "Related",
    "Resource",
    "ResourceMistake",
    "Route",
    "Section",
    "Site",
    "Submit",
    "Text",
    "TicksField",
    "TimelineEntry",
    "Visit",
    "YesNo",
    "current_visit",
    "everyone",
    "lead",
    "reading",
    "unscoped",
    "without_others",
    "words",
]
