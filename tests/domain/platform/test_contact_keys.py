from __future__ import annotations

import pytest

from kniga.platform.emails import checked_email
from kniga.platform.errors import Refused
from kniga.platform.models import Organisation
from kniga.platform.organisation import keep_organisation
from kniga.platform.phones import format_phone, looks_like_number, search_digits, to_e164
from kniga.platform.requisites import checked_inn, checked_kpp, checked_ogrn


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("8 (916) 123-45-67", "+79161234567"),
        ("+7 916 123 45 67", "+79161234567"),
        ("9161234567", "+79161234567"),
        ("+1 650 253 0000", "+16502530000"),
        ("8 495 123-45-67 доб. 12", "+74951234567;ext=12"),
    ],
)
def test_a_phone_in_any_format_is_stored_as_e164(text: str, stored: str) -> None:
    assert to_e164(text) == stored


@pytest.mark.parametrize("text", ["", "12", "телефон", "+7", "8916123456789012"])
def test_what_is_no_phone_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        to_e164(text, field="phone")
    assert "+7 495" in refusal.value.message


def test_a_stored_phone_is_shown_as_people_read_it() -> None:
    assert format_phone("+79161234567") == "+7 916 123-45-67"
    assert format_phone("+74951234567;ext=12") == "+7 495 123-45-67 (12)"


def test_a_number_is_searched_with_eight_and_with_seven() -> None:
    assert search_digits("8 916 123") == ("8916123", "7916123")
    assert search_digits("+7 916") == ("7916",)
    assert looks_like_number("8 (916) 12")
    assert not looks_like_number("ООО 1234")


@pytest.mark.parametrize(
    "text", ["0114 496 0972", "01144960972", "+44 (0)114 496-0972", "0044 114 496 0972", "+44 114 496 0972", "114 496"]
)
def test_a_number_is_searched_as_it_is_dialled_at_home_and_from_abroad(text: str) -> None:
    keep_organisation(Organisation(calendar_country="GB"))
    assert any(one in "441144960972" for one in search_digits(text))
    keep_organisation(Organisation())
    assert looks_like_number(text) and any(one in "441144960972" for one in search_digits(text))


def test_an_address_is_kept_in_lower_case() -> None:
    assert checked_email(" Ivan@Example.COM ") == "ivan@example.com"
    with pytest.raises(Refused):
        checked_email("ivan@")


@pytest.mark.parametrize("inn", ["7707083893", "500100732259", "77 0708 3893", ""])
def test_a_right_inn_is_taken_without_blanks(inn: str) -> None:
    assert checked_inn(inn) == inn.replace(" ", "")


@pytest.mark.parametrize("inn", ["7707083894", "500100732258", "12345", "77070838931", "abcdefghij"])
def test_a_wrong_inn_is_refused(inn: str) -> None:
    with pytest.raises(Refused) as refusal:
        checked_inn(inn)
    assert refusal.value.field == "inn"


def test_ogrn_and_kpp_are_checked() -> None:
    assert checked_ogrn("1027700132195") == "1027700132195"
    assert checked_ogrn("304500116000157") == "304500116000157"
    assert checked_kpp("773601001") == "773601001"
    for wrong in ("1027700132196", "304500116000158", "12"):
        with pytest.raises(Refused):
            checked_ogrn(wrong)
    with pytest.raises(Refused):
        checked_kpp("77360100")


def test_a_number_without_country_code_is_one_of_the_organisations_country() -> None:
    keep_organisation(Organisation(calendar_country="GB"))
    assert to_e164("0116 496 0345") == "+441164960345"
    with pytest.raises(Refused, match=r"\+44 121"):
        to_e164("12")
