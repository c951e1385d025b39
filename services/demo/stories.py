"""What the tickets of the demo are about: texts only."""

from __future__ import annotations

from typing import Final, NamedTuple


class Story(NamedTuple):
    """A ticket as it goes: customer and staff take turns, the customer beginning with ``question``."""

    subject: str
    project: str
    question: str
    answers: tuple[str, ...]  # by staff, by the customer, by staff, …
    note: str = ""  # an internal note of staff
    second: tuple[str, str] = ("", "")  # another discussion of the same ticket: its title and first message


STORIES: Final = (
    Story(
        "Calls drop after 30 seconds",
        "Telephony",
        "Since yesterday outgoing calls to mobile numbers end after **30 seconds**. Incoming calls are fine.",
        (
            "Thank you for the details. Could you send the time and number of one such call?",
            "09:14 today, from extension 201. The trunk is the second one.",
            "The carrier refreshed its sessions without asking. We switched session timers off on that trunk.",
        ),
        note="Same carrier as the two tickets of last week. If a third one comes, write to the carrier.",
    ),
    Story(
        "License does not activate on the new server",
        "Hosting",
        "We moved to new hardware and the license says it belongs to another machine.",
        ("You can reset the MAC address yourself: open the license and choose *Reset MAC/IP address*.",),
    ),
    Story(
        "Wrong address on the invoice",
        "Billing",
        "We moved in spring. Please put the new address on the next invoice.",
        ("Done: every invoice from now on carries the new address. Those already issued stay as they are.",),
    ),
    Story(
        "App asks for the password on every start",
        "Client app",
        "On two laptops the app forgets the password. Both run the newest version.",
        (
            "Is the keychain of these laptops managed by your company?",
            "Yes, it is locked when the lid is closed.",
        ),
        second=("The same on mobile phones", "It also happens on one mobile phone since the last update."),
    ),
    Story(
        "How do we record only the queue calls?",
        "Telephony",
        "We would like to record the calls of the support queue, but nobody else's.",
        ("Open the queue, choose *Recording*, and switch it off in the general settings.",),
    ),
    Story(
        "Port 20 numbers from another carrier",
        "Telephony",
        "We want to bring 20 numbers along. What do you need from us?",
        (
            "A recent bill of the other carrier, and the form attached to this message.",
            "Sent by post today.",
            "It arrived. The numbers move on the first of next month at six in the morning.",
        ),
        note="The range overlaps with numbers of another customer, checked with sales.",
    ),
    Story(
        "Supervisor cannot listen to agents",
        "Client app",
        "The button is there, but it stays grey for one supervisor.",
        (),
    ),
    Story(
        "Two invoices for the same month?",
        "Billing",
        "We received two invoices in March. Is one of them a mistake?",
        ("The second one is for the extensions you added on the 9th, by the day. Each line shows the days.",),
    ),
    Story(
        "Backup before the upgrade",
        "Hosting",
        "Before you upgrade our hosted system on Sunday: is there a backup we can go back to?",
        ("Yes. We keep one from right before the upgrade for 14 days.", "Very good, thank you."),
    ),
    Story(
        "Training for new agents",
        "Telephony",
        "We hire four agents in autumn. Do you still offer training?",
        (),
    ),
    Story(
        "Fax lines lose every second page",
        "Telephony",
        "Long documents arrive incomplete, one page is readable and the next is grey.",
        ("This is the codec of the trunk. We set it to T.38; please try again.",),
        note="T.38 is off by default for this carrier, see the wiki.",
    ),
    Story(
        "Second office: same license or a new one?",
        "Telephony",
        "We open a second office with 12 people. Do we need another license?",
        ("Not if both offices reach the same system. Then you only need 12 more extensions.",),
    ),
)
EMERGENCY: Final = Story(
    "Nobody can call",
    "Telephony",
    "All phones show *no service* since 07:50. We are a clinic: this is urgent.",
    ("We are on it. The system does not answer; we restart it now.", "Phones come back. Thank you for being so quick!"),
    note="Disk was full of recordings. Ask the customer about a retention time.",
)
ESCALATION: Final = Story(
    "Nobody can call: why did it happen?",
    "Hosting",
    "The restart helped, but it was the second time this month. We want to know the cause.",
    ("A colleague of second level reads the logs today and calls you.",),
)
FAILED_PAYMENT: Final = Story(
    "Payment failed",
    "Billing",
    "The card was declined by the bank. We try again in three days. You can also pay now with another card.",
    (),
)
