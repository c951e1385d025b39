"""One key for all spellings of a company: without case, accents and legal form."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.companies import LONGEST_KEY, CompanyNotReadable, company_key

SPELLINGS = [
    ("muller", ["Müller GmbH & Co. KG", "MULLER", "müller gmbh", "Mu\u0308ller", "Müller KG"]),
    ("telco", ["Telco d.o.o.", "TELCO D O O", "Telco doo", "telco, d.o.o"]),
    ("societe generale", ["Société Générale S.A.", "SOCIETE GENERALE SA", "Societe  Generale"]),
    ("maersk", ["Maersk A/S", "Mærsk AS"]),
    ("abc", ["A.B.C. Ltd.", "ABC Limited", "ABC, Inc."]),
    ("ромашка", ["ООО «Ромашка»", "Ромашка", "РОМАШКА ООО"]),
    ("lodz", ["Łódź Sp. z o.o.", "Lodz sp z oo"]),
    ("strasse", ["Straße AG", "STRASSE"]),
    ("bimbo", ["Bimbo S.A.B. de C.V.", "Bimbo, S.A. de C.V.", "bimbo"]),
    ("smith", ["Smith & Co. Inc.", "Smith and Co", "SMITH COMPANY"]),
    ("oneill", ["O'Neill Corp", "O’Neill Corporation", "ONeill"]),
    ("foo", ["Foo Pte. Ltd.", "Foo Private Limited", "FOO PTY LTD", "Ｆｏｏ Co., Ltd."]),
    ("トヨタ", ["トヨタ株式会社", "株式会社トヨタ", "㍿トヨタ"]),
    ("ελλασ", ["Ελλάς Α.Ε.", "ΕΛΛΑΣ"]),
]


@pytest.mark.parametrize(
    ("key", "spelling"), [(key, spelling) for key, spellings in SPELLINGS for spelling in spellings]
)
def test_spellings_of_one_company_share_a_key(key: str, spelling: str) -> None:
    assert company_key(spelling) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Delta Dental", "Delta Dynamics"),
        ("London Zoo", "London Ltd"),
        ("3M", "4M"),
        ("E.ON SE", "Eon Productions"),
        ("Blue Sky", "Blue"),
        ("密码", "公司"),
    ],
)
def test_different_companies_keep_different_keys(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


@pytest.mark.parametrize(("name", "key"), [("Limited Ltd", "limited"), ("AG", "ag"), ("株式会社", "株式会社")])
def test_a_name_that_is_only_a_legal_form_keeps_a_word(name: str, key: str) -> None:
    assert company_key(name) == key


@pytest.mark.parametrize("name", ["", "   ", "!!!", "---", "\0", "\u0301"])
def test_a_name_without_letter_or_digit_is_refused(name: str) -> None:
    with pytest.raises(CompanyNotReadable, match="at least one letter"):
        company_key(name)


def keyed(name: str) -> str:
    try:
        return company_key(name)
    except CompanyNotReadable:
        return ""


@given(st.text(max_size=40))
def test_a_key_is_its_own_key(name: str) -> None:
    key = keyed(name)
    assert key == "" or company_key(key) == key


WORDS = ["gmbh", "co", "kg", "s.a.", "de", "c.v.", "ooo", "and", "acme", "x", "a/s", "e", "zorn", "sp.", "z", "o.o."]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
def test_a_key_made_of_legal_forms_is_its_own_key_too(words: list[str]) -> None:
    key = company_key(" ".join(words))
    assert company_key(key) == key


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=20))
def test_case_and_surrounding_space_do_not_matter(name: str) -> None:
    assume(name.upper().casefold() == name.casefold())
    assert keyed(f"  {name.upper()} ") == keyed(name) == keyed(name.casefold())


@given(
    st.from_regex(r"[a-z]{5,12}( [a-z]{5,12})?", fullmatch=True), st.sampled_from(["Ltd.", "GmbH", "S.A.", "d.o.o."])
)
def test_a_legal_form_behind_the_name_does_not_matter(name: str, form: str) -> None:
    assert company_key(f"{name} {form}") == company_key(name)


@given(st.text(max_size=2000))
def test_a_key_fits_its_column(name: str) -> None:
    assert len(keyed(name)) <= LONGEST_KEY
