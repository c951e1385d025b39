"""Lists: what they show, how they are sorted, searched, paged and counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.panel.house import MEMBER_GRANTS, House
from tests.panel.schema import Bed, Plant, Watering


def names(page: dict[str, Any]) -> list[str]:
    return [row["label"] for row in page["rows"]]


def headings(page: dict[str, Any]) -> list[str]:
    return [heading["label"] for heading in page["headings"]]


def cell(page: dict[str, Any], row: int, heading: str) -> str:
    return str(page["rows"][row]["cells"][headings(page).index(heading)])


def test_staff_see_the_rows_of_all_owners(plants: House) -> None:
    assert names(plants.page("/staff/plants/")) == ["Mint", "Oak", "Rose"]


def test_a_member_sees_the_rows_of_the_own_garden_only(plants: House) -> None:
    assert names(plants.page("/portal/north/plants/", "north")) == ["Mint", "Rose"]


def test_a_column_of_one_realm_is_not_shown_in_the_other(plants: House) -> None:
    assert "Garden" in headings(plants.page("/staff/plants/"))
    assert "Garden" not in headings(plants.page("/portal/north/plants/", "north"))


def test_a_list_costs_one_statement(plants: House) -> None:
    plants.page("/staff/plants/?kind=tree&price.from=-60")
    assert len(plants.statements) == 1


def test_a_list_selects_only_what_it_shows(plants: House) -> None:
    plants.page("/staff/plants/")
    assert "plant.note" not in plants.statements[0]
    assert "plant.tags" not in plants.statements[0]


def test_a_row_without_a_name_still_has_a_link_and_a_label(plants: House) -> None:
    plants.add(Bed(garden_id=1, code="nameless", name=""))
    page = plants.page("/staff/beds/")
    assert cell(page, 0, "Name") == '<a href="/staff/beds/nameless">(empty)</a>'
    assert names(page)[0] == "nameless"


def test_values_are_shown_by_their_kind(plants: House) -> None:
    plants.zone = "Europe/Berlin"
    plants.add(
        Plant(
            garden_id=1,
            code="x",
            name="Ivy",
            kind="climbing_rose",
            health="dead",
            planted_on=dt.date(2026, 2, 1),
            watered_at=dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC),
            price=-123456,
            rare=True,
        )
    )
    page = plants.page("/staff/plants/?q=Ivy")
    assert cell(page, 0, "Kind") == "Climbing rose"
    assert cell(page, 0, "Health") == '<span class="badge tone-danger">Dead</span>'
    assert cell(page, 0, "Planted on") == '<time datetime="2026-02-01">Feb 1, 2026</time>'
    assert cell(page, 0, "Watered at") == '<time datetime="2026-02-01T00:30:00+01:00">Feb 1, 2026, 00:30</time>'
    assert cell(page, 0, "Price") == "-1234.56 EUR"
    assert cell(page, 0, "Rare") == "Yes"
    assert cell(page, 0, "Bed") == ""


def test_what_people_typed_is_escaped(plants: House) -> None:
    plants.add(Plant(garden_id=1, code="<b>&'\"", name="<script>x</script>", kind="herb"))
    page = plants.page("/staff/plants/?name=script")
    assert cell(page, 0, "Name") == "&lt;script&gt;x&lt;/script&gt;"
    assert cell(page, 0, "Code").startswith('<a href="/staff/plants/%3Cb%3E%26%27%22">&lt;b&gt;')


def test_the_linked_column_opens_the_record(plants: House) -> None:
    page = plants.page("/portal/north/plants/", "north")
    assert cell(page, 0, "Code") == '<a href="/portal/north/plants/p-2">p-2</a>'
    assert page["rows"][0]["url"] == "/portal/north/plants/p-2"


def test_a_reference_opens_the_record_it_names_for_those_who_may_see_it(plants: House) -> None:
    assert (
        cell(plants.page("/portal/north/plants/", "north"), 1, "Bed") == '<a href="/portal/north/beds/n1">Sunny bed</a>'
    )
    plants.portal_grants = MEMBER_GRANTS - {"beds"}
    assert cell(plants.page("/portal/north/plants/", "north"), 1, "Bed") == "Sunny bed"


def test_a_linked_column_that_names_another_record_opens_its_own_row(plants: House) -> None:
    plants.add(Watering(garden_id=1, code="w-1", plant_id=1, litres=3))
    assert cell(plants.page("/staff/waterings/"), 0, "Plant") == '<a href="/staff/waterings/w-1">Rose</a>'


@pytest.mark.parametrize(
    ("sort", "order"),
    [("name", ["Mint", "Oak", "Rose"]), ("-name", ["Rose", "Oak", "Mint"]), ("height", ["Mint", "Rose", "Oak"]),
     ("-height", ["Mint", "Oak", "Rose"]), ("-price", ["Rose", "Oak", "Mint"]), ("nonsense", ["Mint", "Oak", "Rose"]),
     ("note", ["Mint", "Oak", "Rose"]), ("--name", ["Mint", "Oak", "Rose"])],
)  # fmt: skip
def test_rows_are_sorted_with_empty_values_last_and_unknown_orders_ignored(
    plants: House, sort: str, order: list[str]
) -> None:
    assert names(plants.page(f"/staff/plants/?sort={sort}")) == order


def test_a_heading_tells_how_it_is_sorted_and_turns_the_order(plants: House) -> None:
    page = plants.page("/staff/plants/?kind=herb")
    heading = page["headings"][headings(page).index("Name")]
    assert heading["sorted"] == "ascending"
    assert heading["sort_url"] == "/staff/plants/?kind=herb&sort=-name"
    assert page["headings"][headings(page).index("Kind")]["sort_url"] == ""


def test_a_search_finds_every_word_anywhere_without_case(plants: House) -> None:
    assert names(plants.page("/staff/plants/?q=OSE")) == ["Rose"]
    assert names(plants.page("/staff/plants/?q=int+p-2")) == ["Mint"]
    assert names(plants.page("/staff/plants/?q=int+rose")) == []


def test_a_short_search_word_is_left_out_with_a_plain_warning(plants: House) -> None:
    page = plants.page("/staff/plants/?q=ro")
    assert names(page) == ["Mint", "Oak", "Rose"]
    assert page["warnings"] == ["Search words need at least 3 characters; left out: ro."]
    assert page["search"] == "ro"


def test_a_search_takes_no_wildcards(plants: House) -> None:
    assert names(plants.page("/staff/plants/?q=%25%25%25")) == []
    assert names(plants.page("/staff/plants/?q=R_se")) == []


@pytest.mark.parametrize(
    "text", ["%00%00%00", "x" * 5000, "%F0%9F%8C%B9%F0%9F%8C%B9%F0%9F%8C%B9", "'; drop table plant; --"]
)
def test_a_search_for_rubbish_is_answered_with_a_page(plants: House, text: str) -> None:
    assert names(plants.page(f"/staff/plants/?q={text}")) in ([], ["Mint", "Oak", "Rose"])


def test_a_search_on_postgresql_goes_through_the_trigrams_first(plants: House) -> None:
    plants.page("/staff/plants/?q=rose")
    if plants.engine.dialect.name == "postgresql":
        assert "AS MATERIALIZED" in plants.statements[0]
        assert "ILIKE" in plants.statements[0]
    else:
        assert "LIKE" in plants.statements[0]


def test_an_empty_list_says_whether_there_are_none_or_none_that_match(house: House) -> None:
    assert house.page("/staff/plants/")["empty"] == "none"
    assert house.page("/staff/plants/?kind=tree")["empty"] == "no-match"


def test_the_list_offers_only_what_the_visitor_may_do(plants: House) -> None:
    page = plants.page("/portal/north/plants/", "north")
    assert page["create_url"] == "/portal/north/plants/new"
    assert [action["name"] for action in page["bulk_actions"]] == ["water"]
    plants.portal_grants = frozenset({"read"})
    page = plants.page("/portal/north/plants/", "north")
    assert (page["create_url"], page["bulk_actions"], page["has_row_menus"]) == ("", [], True)
    assert [row["actions"] for row in page["rows"]] == [[], []]


def test_a_row_offers_an_action_only_while_it_is_possible(plants: House) -> None:
    plants.add(Plant(garden_id=1, code="dry", name="Dry", kind="herb", water_left=0))
    page = plants.page("/staff/plants/?sort=name")
    offered = {row["label"]: [action["name"] for action in row["actions"]] for row in page["rows"]}
    assert offered["Dry"] == ["uproot"]
    assert offered["Rose"] == ["water", "uproot"]
    assert page["rows"][1]["actions"][0]["url"] == "/staff/plants/p-2/water"


def test_addresses_keep_filters_search_and_order(plants: House) -> None:
    page = plants.page("/staff/plants/?kind=herb&q=mint&sort=-name&unknown=1&after=broken")
    assert page["count_url"] == "/staff/plants/count?kind=herb&q=mint&sort=-name"
    assert page["exports"][0] == ["CSV", "/staff/plants/export.csv?kind=herb&q=mint&sort=-name"]
    assert page["chips"][0]["remove_url"] == "/staff/plants/?q=mint&sort=-name"
    assert page["chips"][1] == {"label": "Search", "value": "mint", "remove_url": "/staff/plants/?kind=herb&sort=-name"}
    assert page["keep"] == [["sort", "-name"]]
    assert page["clear_url"] == "/staff/plants/?sort=-name"


def test_pages_follow_each_other_in_both_directions(plants: House) -> None:
    plants.add(*(Plant(garden_id=1, code=f"z{n}", name=f"Z{n:02d}", kind="herb") for n in range(9)))
    first = plants.page("/staff/plants/")
    second = plants.page(first["pager"]["next"])
    third = plants.page(second["pager"]["next"])
    assert [len(page["rows"]) for page in (first, second, third)] == [5, 5, 2]
    assert third["pager"]["next"] == third["pager"]["last"] == ""
    assert names(plants.page(third["pager"]["previous"])) == names(second)
    assert names(plants.page(first["pager"]["last"]))[-1] == "Z08"
    assert names(plants.page(third["pager"]["first"])) == names(first)
    assert first["pager"]["previous"] == first["pager"]["first"] == ""


@pytest.mark.parametrize("rubbish", ["page=-1", "page=x", "after=", "after=forged.token", "after=WzEsMiwwXQ", "after=%00", "after=" + "a" * 9000, "sort=%00", "last=1"])  # fmt: skip
def test_rubbish_in_an_address_shows_the_first_page(plants: House, rubbish: str) -> None:
    assert names(plants.page(f"/staff/plants/?{rubbish}")) == ["Mint", "Oak", "Rose"]


def test_a_cursor_of_another_order_or_list_is_not_taken(plants: House) -> None:
    plants.add(*(Plant(garden_id=1, code=f"z{n}", name=f"Z{n:02d}", kind="herb") for n in range(9)))
    cursor = plants.page("/staff/plants/")["pager"]["next"].partition("after=")[2]
    first = names(plants.page("/staff/plants/?sort=-name"))
    assert names(plants.page(f"/staff/plants/?sort=-name&after={cursor}")) == first
    own = plants.page("/portal/north/plants/", "north")
    assert names(plants.page(f"/portal/north/plants/?after={cursor}", "north")) == names(own)


def test_the_count_is_exact_for_few_rows_and_capped_for_many(plants: House) -> None:
    assert plants.get("/staff/plants/count").json == {"text": "3"}
    assert plants.get("/portal/north/plants/count?kind=herb", "north").json == {"text": "1"}
    plants.add(*(Plant(garden_id=1, code=f"z{n}", name="Z", kind="herb") for n in range(1000)))
    assert plants.get("/portal/north/plants/count", "north").json == {"text": "more than 1,000"}
    assert plants.get("/staff/plants/count?q=p-2").json == {"text": "1"}
