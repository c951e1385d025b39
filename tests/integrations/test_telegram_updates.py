"""What people send to the bot, read into plain data: anything at all may come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.telegram_updates import LONGEST_NAME, SentFile, Update, read_update

MIA = {"id": 7001, "is_bot": False, "first_name": "Mia", "last_name": "Member"}
CHAT = {"id": 7001, "type": "private"}


def message(**values):
    return {"update_id": 5, "message": {"message_id": 1, "from": MIA, "chat": CHAT, **values}}


def test_a_text_in_a_private_chat():
    assert read_update(message(text="Hello")) == Update(5, 7001, private=True, name="Mia Member", text="Hello")


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel", None, 7])
def test_only_the_chat_of_one_person_is_private(kind):
    assert not read_update(message(chat={"id": -5, "type": kind}, text="Hello")).private


def test_a_name_is_the_user_name_where_there_is_one_and_never_long():
    named = message(text="x")
    named["message"]["from"] = {**MIA, "username": "mia_m"}
    assert read_update(named).name == "@mia_m"
    named["message"]["from"] = {"first_name": "M\n" * 400}
    assert len(read_update(named).name) <= LONGEST_NAME
    assert "\n" not in read_update(named).name


def test_of_a_photo_the_largest_size_is_taken():
    sizes = [{"width": 90, "file_id": "small"}, {"width": 800, "file_id": "large", "file_size": 9}, {"width": 320}]
    update = read_update(message(photo=sizes, caption="Look"))
    assert (update.files, update.text) == ((SentFile("large", "photo.jpg", 9),), "Look")


def test_a_document_keeps_its_name():
    update = read_update(message(document={"file_id": "F", "file_name": "a.pdf", "file_size": 3}))
    assert (update.files, update.text, update.unreadable) == ((SentFile("F", "a.pdf", 3),), "", False)


def test_an_answer_names_what_it_answers_and_only_the_words_of_a_bot():
    bots = {"message_id": 9, "from": {"is_bot": True}, "text": "[T-1] It rings"}
    update = read_update(message(text="Yes", reply_to_message=bots))
    assert (update.replied_to, update.replied_text) == (9, "[T-1] It rings")
    own = {"message_id": 9, "from": MIA, "text": "[T-1] It rings"}
    assert read_update(message(text="Yes", reply_to_message=own)).replied_text == ""


@pytest.mark.parametrize("kind", ["voice", "location", "sticker", "contact", "video", "poll"])
def test_what_is_neither_text_nor_a_file_is_said_to_be_so(kind):
    assert read_update(message(**{kind: {"file_id": "x"}})).unreadable


@pytest.mark.parametrize("status", ["kicked", "left"])
def test_a_person_who_blocks_the_bot_is_gone(status):
    said = {"update_id": 5, "my_chat_member": {"chat": CHAT, "new_chat_member": {"status": status}}}
    assert read_update(said) == Update(5, 7001, private=True, blocked=True)


@pytest.mark.parametrize(
    "said",
    [
        {"chat": CHAT, "new_chat_member": {"status": "member"}},
        {"chat": {"id": -5, "type": "group"}, "new_chat_member": {"status": "kicked"}},
        {"new_chat_member": {"status": "kicked"}},
        "nonsense",
    ],
)
def test_other_changes_of_membership_mean_nothing(said):
    assert read_update({"update_id": 5, "my_chat_member": said}) == Update(5)


def test_text_that_no_database_keeps_is_mended():
    assert read_update(message(text="a\0b\ud800c")).text == "ab?c"


@pytest.mark.parametrize("said", [None, [], "x", {}, {"update_id": "5"}, {"update_id": True}, {"update_id": 2**60}])
def test_without_a_number_it_is_no_update(said):
    assert read_update(said) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=8,
)
FIELDS = ("from", "chat", "text", "caption", "photo", "document", "reply_to_message", "voice")


@given(values=st.dictionaries(st.sampled_from(FIELDS), JSON), whole=JSON)
def test_whatever_comes_is_read_without_an_error_and_can_be_kept(values, whole):
    for said in ({"update_id": 5, "message": {"chat": CHAT, **values}}, {"update_id": 5, "message": whole}, whole):
        update = read_update(said)
        if update is not None:
            update.text.encode()
            update.name.encode()
            assert "\0" not in update.text + update.name + update.replied_text
