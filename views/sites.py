"""The two sites: every record mounted in the realms that have it, and the pages written by hand."""

from __future__ import annotations

from flask import Flask

from panel.site import Site
from views.access import mark_realm_endpoint
from views.account_networks import AccountNetworksPage
from views.account_settings import AccountPage
from views.app_wizard import AppWizardPage
from views.attachments import AttachmentPage
from views.auto_top_up import AutoTopUpPage
from views.balance_page import BalancePage
from views.books import BooksPage
from views.chat_pages import ChatNewsPage, ChatPage
from views.components_page import ComponentsPage
from views.counters_page import CountersPage
from views.dashboards import BackOfficeHome, PortalDashboard
from views.downloads import DownloadPage
from views.financing import FinancingPage
from views.first_steps import FirstStepsPage
from views.inbox import InboxPage
from views.invoice_drafts import NewInvoicePage
from views.leaving import LeavePage
from views.library import HelpPage, ResourcesCentrePage
from views.login_consent_rule import LoginConsentRulePage
from views.macro_pages import MacroPage
from views.method_pages import AddMethodPage
from views.month_packs import MonthPackPage
from views.ownership import OwnershipPage
from views.panel_hooks import make_hooks
from views.papers import PaperPage
from views.pay import PayPage
from views.provider_settings import ProviderSettingsPage
from views.realms import back_office, portal
from views.received_payments import ReceivedPaymentPage
from views.rehearsal import RehearsalPage
from views.resources import RESOURCES
from views.saved_views import SavedViewsPage
from views.search import SearchPage
from views.store import StorePage
from views.subscription_changes import SubscriptionChangePage
from views.ticket_presence import TicketPresencePage
from views.transfers import TransferPage
from views.your_jobs import YourJobsPage

DECIDED_BY_PARTS = "by the last part of the address"


def mount_sites(app: Flask) -> None:
    """Mount both realms. What is wrong in a Resource stops the start here (panel/checks.py)."""
    hooks = make_hooks()
    sites = (
        Site(
            back_office,
            hooks,
            RESOURCES,
            index=BackOfficeHome,
            pages=(
                TransferPage,
                DownloadPage,
                AttachmentPage,
                ChatNewsPage,
                SubscriptionChangePage,
                AppWizardPage,
                ProviderSettingsPage,
                FirstStepsPage,
                SearchPage,
                InboxPage,
                CountersPage,
                YourJobsPage,
                SavedViewsPage,
                NewInvoicePage,
                ReceivedPaymentPage,
                PaperPage,
                BooksPage,
                RehearsalPage,
                MonthPackPage,
                TicketPresencePage,
                ComponentsPage,
                MacroPage,
                HelpPage,
            ),
        ),
        Site(
            portal,
            hooks,
            RESOURCES,
            index=PortalDashboard,
            pages=(
                TransferPage,
                DownloadPage,
                AttachmentPage,
                ChatNewsPage,
                ChatPage,
                StorePage,
                SubscriptionChangePage,
                AppWizardPage,
                PayPage,
                BalancePage,
                AutoTopUpPage,
                AddMethodPage,
                PaperPage,
                MonthPackPage,
                AccountPage,
                AccountNetworksPage,
                OwnershipPage,
                LeavePage,
                LoginConsentRulePage,
                SearchPage,
                InboxPage,
                CountersPage,
                YourJobsPage,
                SavedViewsPage,
                ResourcesCentrePage,
                HelpPage,
                FinancingPage,
            ),
        ),
    )
    for site in sites:
        site.init_app(app)
        for route in site.routes():
            mark_realm_endpoint(app, route.endpoint, route.grant or DECIDED_BY_PARTS)
    app.extensions["sites"] = sites
