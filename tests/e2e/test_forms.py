"""Forms speak the reader's language, whatever the browser speaks: what they lack, and the calendar of their days."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kniga.people.models import User

SignIn = Callable[[Page, Any], None]


@pytest.fixture
def owner(transactional_db: None) -> User:
    return User.objects.create_user("owner@kniga.test", "correct horse 7", name="Олег", role="owner", language="ru")


def test_what_a_form_lacks_is_said_at_its_fields_until_they_are_mended(
    page: Page, owner: User, sign_in: SignIn
) -> None:
    sign_in(page, owner)
    page.goto("/mailboxes/new/")
    page.get_by_label("Его адрес").fill("vasya")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("alert")).to_contain_text("Заполнено не всё: Название ящика, Его адрес, Почтовый сервер")
    name = page.get_by_label("Название ящика")
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description("Заполните это поле. Станет источником новых клиентов и сделок.")
    expect(page.get_by_label("Его адрес")).to_have_accessible_description(
        "Введите адрес вида name@example.com. Сюда приходят ответы на письма из Kniga."
    )
    name.fill("Продажи")
    expect(name).not_to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("Станет источником новых клиентов и сделок.")
    page.get_by_role("alert").get_by_role("button", name="Кому поступают письма").click()
    expect(page.get_by_label("Кому поступают письма")).to_be_focused()
    page.get_by_label("Почтовый сервер").fill("https://imap.example.com")
    expect(page.get_by_text("Только имя сервера")).to_be_visible()


def test_a_day_is_chosen_by_keys_in_the_language_of_the_page(page: Page, owner: User, sign_in: SignIn) -> None:
    sign_in(page, owner)
    page.goto("/people/organisation/")
    day = page.get_by_label("День", exact=False).and_(page.locator("input[data-day]"))
    day.fill("04.11.2026")
    day.press("Alt+ArrowDown")
    calendar = page.get_by_role("dialog", name="Выбор дня")
    expect(calendar.get_by_role("heading")).to_have_text("ноябрь 2026 г.")
    expect(calendar.get_by_role("gridcell", name="среда, 4 ноября 2026 г., выходной")).to_be_focused()
    for key in ("PageDown", "End", "ArrowRight", "Shift+PageUp", "Home"):
        page.keyboard.press(key)
    # 4 December, Sunday the 6th, Monday the 7th, the 7th a year before, its Monday
    expect(calendar.get_by_role("gridcell", name="понедельник, 1 декабря 2025 г.")).to_be_focused()
    page.keyboard.press("Enter")
    expect(calendar).to_have_count(0)
    expect(day).to_have_value("01.12.2025")
    expect(day).to_be_focused()
    day.press("Alt+ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(day).to_have_value("01.12.2025")
    day.fill("31.02.2026")
    day.blur()
    day.evaluate("day => ['input', 'change'].forEach((kind) => day.addEventListener(kind, () => day.told = kind))")
    day.press("Alt+ArrowDown")
    expect(calendar).to_be_visible()
    page.keyboard.press("Escape")
    expect(calendar).to_have_count(0)
    expect(day).to_have_value("31.02.2026")
    assert not day.evaluate("day => day.told ?? ''")


def test_on_a_phone_a_finger_opens_the_calendar_at_the_foot_of_the_screen(
    browser: Browser, live_server: Any, owner: User, sign_in: SignIn
) -> None:
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="de-DE"
    )
    page = context.new_page()
    sign_in(page, owner)
    page.goto("/people/organisation/")
    page.locator("input[data-day]").tap()
    calendar = page.get_by_role("dialog", name="Выбор дня")
    box = calendar.bounding_box()
    assert box is not None and (round(box["x"]), round(box["width"]), round(box["y"] + box["height"])) == (0, 390, 844)
    calendar.get_by_role("button", name="На месяц позже").tap()
    calendar.get_by_role("gridcell").filter(has_text="15").tap()
    expect(page.locator("input[data-day]")).to_have_value(re.compile(r"^15\."))
    context.close()
