"""Hostile texts in front of staff, in a real browser: nothing opens, nothing is fetched from elsewhere, nothing complains."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.browser.house import STAFF, furnish, sign_in
from tests.factories.support import DiscussionFactory, MessageFactory, TicketFactory
from tests.support.hostile_texts import hostile_texts, kinds

pytestmark = pytest.mark.slow

RUNS = ("handler", "html", "attribute", "svg", "css", "address", "markdown")
SAMPLE = [each.text for kind in RUNS for each in [text for text in hostile_texts() if text.kind == kind][:4]]
SAMPLE += [next(each.text for each in hostile_texts() if each.kind == kind) for kind in kinds() if kind not in RUNS]


@pytest.fixture
def tickets(session, now):
    """A ticket for each text, and one in which all of them were written, as titles and as what is said."""
    house = furnish(now)
    full = TicketFactory(
        account=house.account, number="T-FULL", subject=SAMPLE[0], department=house.tickets[0].department
    )
    for number, text in enumerate(SAMPLE):
        kept = {"account": house.account, "department": full.department, "number": f"T-H{number:02}"}
        TicketFactory(subject=text, rating_comment=text, **kept)
        discussion = DiscussionFactory(ticket=full, title=text)
        MessageFactory(discussion=discussion, title=text, body=text, quoted=text)
        MessageFactory(discussion=discussion, title=text, body=f"{text}\n\n> {text}\n\n`{text}`\n\n[{text}]({text})")
    session.commit()


def test_nothing_of_what_customers_wrote_runs(browser_page, tickets):
    assert len(SAMPLE) >= 30
    asked, dialogs = set(), []
    page = browser_page.page
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    sign_in(browser_page, STAFF)
    shown = {}
    for path in ("/staff/tickets/", "/staff/tickets/T-FULL", "/staff/tickets/T-H00", "/staff/audit/"):
        browser_page.open(path)
        page.wait_for_load_state("networkidle")
        for summary in page.locator("main summary").all():
            summary.click()
        page.keyboard.press("Tab")
        shown[path] = page.locator("main").inner_text()
        # A parser that follows the standard finds none of what could run.
        bad = "main script, main iframe, main object, main embed, main style, main base, main meta, main form[action*='evil']"
        assert page.locator(bad).count() == 0, path
        attributes = page.evaluate(
            "() => [...document.querySelectorAll('*')].flatMap(each => each.getAttributeNames())"
            ".filter(name => name.startsWith('on') || name === 'style' || name === 'srcdoc')"
        )
        assert attributes == [], path
        leads = page.evaluate("() => [...document.links].map(link => link.protocol)")
        assert set(leads) <= {"http:", "https:", "mailto:"}, path
    assert dialogs == []
    assert asked == {urlsplit(browser_page.address).netloc}
    # They stand there as they were typed.
    for text in SAMPLE:
        words = " ".join(text.split())
        assert words in " ".join(shown["/staff/tickets/T-FULL"].split()), text
