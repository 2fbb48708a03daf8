"""What a head of sales makes in the designer without a file and without leaving the page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from kniga.processes.models import Draft
from tests.domain.department import Department
from tests.e2e.designer_page import FIRST, SignIn, open_designer, saved


def test_the_walk_starts_from_the_book_and_leaves_the_designer_whole(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.get_by_role("tab", name="Book").click()
    page.locator("[data-do='play']").click()
    expect(page.locator(".k-play__here")).to_be_visible()
    page.get_by_role("button", name="Back to drawing").click()
    expect(page.locator("[data-part='step']")).to_be_visible()


def test_a_decision_table_is_made_without_a_file(page: Page, house: Department, draft: Draft, sign_in: SignIn) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator(FIRST).first.click()
    page.locator("[data-part='decision']").click()
    page.keyboard.type("Discount")
    page.keyboard.press("Enter")
    form = page.get_by_role("group", name="A new table")
    make = form.get_by_role("button", name="Make an empty table")
    expect(make).to_be_disabled()
    form.get_by_label("What the table looks at").first.select_option("deal.amount")
    form.get_by_role("button", name="Add: What the table looks at").click()
    make.click()
    table = page.get_by_role("group", name="Discount")
    table.locator("summary").first.click()
    amount = table.get_by_label("Row 1, Deal amount")
    amount.select_option("from_below")
    table.get_by_label("At least", exact=True).fill("1 000")
    table.get_by_label("At most", exact=True).fill("5000,5")
    table.get_by_label("Row 1, Discount").fill('small, "very"')
    table.get_by_label("Row 1, Discount").press("Enter")
    expect(table.locator("summary").first).to_contain_text("Deal amount is at least 1,000 and less than 5,000.5")
    saved(page)
    expect(table.get_by_text("No row of the table")).to_be_visible()
    table.get_by_role("button", name="Add a row").click()
    expect(table.locator(".kp-item")).to_have_count(2)
    page.get_by_label("Which rows answer").select_option("UNIQUE")
    page.get_by_label("Which rows answer").select_option("COLLECT")
    page.get_by_label("Which rows answer").select_option("UNIQUE")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(page)
    expect(table.locator(".kp-item").first.locator(".k-mark--error")).to_be_visible()
    draft.refresh_from_db()
    text = bytes(draft.xml).decode()
    assert 'kniga:decision="discount"' in text
    assert "deal.amount" in text
    assert "[1000..5000.5)" in text
    assert 'small, \\"very\\"' in text
    page.locator("[data-do='play']").click()
    walk = page.locator(".k-play__here")
    walk.get_by_role("button").first.click()
    expect(walk.get_by_role("heading")).to_have_text("Discount: which row holds?")
    walk.get_by_role("button", name="1. Deal amount is at least 1,000 and less than 5,000.5 → small").click()
    expect(page.locator(".k-play__past")).to_contain_text("Discount: 1. Deal amount is at least 1,000")


def test_a_blank_before_a_field_put_into_a_script_stays(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator(FIRST).first.click()
    fold = page.locator(".kp-fold", has=page.locator(".kp-script"))
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()
    text = page.locator(".kp-script__text")
    text.fill("This is ")
    text.blur()
    page.locator(".kp-script .kp-placeholders button").nth(3).click()
    expect(text).to_have_value("This is {{user.name}}")


def test_a_second_click_leaves_a_step_selected(page: Page, house: Department, draft: Draft, sign_in: SignIn) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    step = page.locator("g[data-element-id='first_step']").first
    page.locator(FIRST).first.click()
    expect(step).to_have_class(re.compile(r"\bselected\b"))
    page.locator(FIRST).first.click(position={"x": 20, "y": 60})  # elsewhere: no double click
    expect(step).to_have_class(re.compile(r"\bselected\b"))
