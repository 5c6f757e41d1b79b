"""Uplinks on the live page, with real clicks and keys."""

from __future__ import annotations

import hashlib
import subprocess
from typing import Any

import yaml

from tests.browser.conftest import METER, OTHER, SECRET, Opened, Served, playwright
from tests.platform.bench import request

expect = playwright.expect
RIGHT = '{"n":"temperature","u":"Cel","v":21.5}'


def rows(page: Any, **which: bool) -> Any:
    listed = page.get_by_role("listbox", name="Uplinks, newest first")
    return listed.get_by_role("option", **which)


def option(page: Any, text: str) -> Any:
    return rows(page).filter(has_text=text)


def tab(page: Any, name: str) -> Any:
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel")


def test_an_uplink_comes_by_itself_and_is_explained(served: Served, opened: Opened) -> None:
    """No reload: the row appears, and a click shows verdict, bytes, units and the answer."""
    page = opened()
    page.get_by_text("No uplink yet").wait_for()
    served.uplink(RIGHT)
    option(page, "temperature 21.5 Cel").click()
    panel = page.get_by_role("tabpanel")
    panel.get_by_text("Accepted for further processing").wait_for()
    assert "as documented" in panel.inner_text()
    assert "is the SHA-256 of the body and the device's secret" in tab(page, "Token").inner_text()
    text = tab(page, "Request").inner_text()
    assert "POST /ingestion/m2m/senml/v1 HTTP/1.1" in text
    assert text.count("CR") == text.count("LF") == 6
    panel.get_by_role("button", name="Hex").click()
    assert "000000  50 4f 53 54 20 2f 69 6e" in panel.inner_text()
    panel.get_by_role("button", name="Text").click()
    senml = tab(page, "SenML")
    senml.get_by_role("cell", name="Cel degrees Celsius").wait_for()
    assert "moment of receipt: 2026-03-01 12:00:00" in senml.inner_text()
    assert "HTTP/1.1 202" in tab(page, "Answer").inner_text()


def test_the_first_differing_byte_of_a_wrong_token_is_marked(
    served: Served, opened: Opened
) -> None:
    """Both strings side by side; the NUL that was hashed is marked, the secret is not shown."""
    page = opened()
    body = f'[{{"bn":"urn:dev:IMEI:{METER}:"}},{RIGHT}]'
    wrong = hashlib.sha256(body.encode() + b"\0" + OTHER.encode()).hexdigest()
    served.uplink(RIGHT, imei=METER, secret=OTHER, token=wrong)
    option(page, "token wrong").click()
    panel = tab(page, "Token")
    assert "NUL byte" in panel.inner_text()
    marks = panel.locator("mark")
    assert marks.all_inner_texts() == ["‹secret, 34 bytes›", r"\0"]


def test_a_base_time_that_no_calendar_shows_is_shown_as_it_was_sent(
    served: Served, opened: Opened
) -> None:
    """Milliseconds taken for seconds: the number itself says what happened."""
    served.uplink('{"n":"a","v":1,"bt":1772366400123}')
    page = opened()
    option(page, "milliseconds").click()
    assert "base time: 1772366400123 seconds from 1970" in tab(page, "SenML").inner_text()


def test_measurements_are_drawn(served: Served, opened: Opened) -> None:
    """A plot per measurement of the device, with its range in words."""
    for value in (18, 24, 21):
        served.uplink(f'{{"n":"temperature","u":"Cel","v":{value}}},{{"n":"open","vb":true}}')
    page = opened()
    option(page, "#3").click()
    panel = tab(page, "SenML")
    panel.get_by_role(
        "img", name="temperature in degrees Celsius: 3 values from 18 to 24"
    ).wait_for()
    panel.get_by_role("img", name="open: 3 values from 1 to 1").wait_for()


def test_an_uplink_is_copied_and_run_again(served: Served, opened: Opened) -> None:
    """The curl command on the clipboard makes the same uplink; the steps are YAML."""
    page = opened()
    served.uplink(RIGHT)
    option(page, "#1").click()
    page.get_by_role("button", name="Copy as curl").first.click()
    page.get_by_text("The curl command is copied").wait_for()
    command = page.evaluate("navigator.clipboard.readText()")
    subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=True)
    option(page, "#2").wait_for()
    page.keyboard.press("s")
    page.get_by_text("The scenario steps are copied").wait_for()
    report, expect = yaml.safe_load(page.evaluate("navigator.clipboard.readText()"))
    assert "${imei}" in report["report"]["body"]
    assert expect["expect"]["uplink"] == {"outcome": "accepted"}


def test_the_list_is_searched_and_filtered(served: Served, opened: Opened) -> None:
    """By device, requirement and text, and by what became of the uplink."""
    served.uplink(RIGHT)
    served.uplink('{"n":"energy","u":"kWh","v":7}', imei=METER, secret=OTHER)
    served.uplink(RIGHT, token="0" * 64)
    page = opened()
    page.get_by_text("3 uplinks · 2 accepted").wait_for()
    search = page.get_by_role("searchbox", name="Search the uplinks")
    seen = [("token wrong", 1), ("#2", 1)]  # as it stands in the rows
    for words, left in [
        ("meter", 1), ("token-formula", 1), ("tracker cel", 1), *seen, ("nothing", 0),
    ]:  # fmt: skip
        search.fill(words)
        page.get_by_text(f"{left} of 3 uplinks").wait_for()
        expect(rows(page)).to_have_count(left)
    page.get_by_text("No uplink fits the search").wait_for()
    search.fill("")
    page.get_by_role("combobox", name="Which uplinks").select_option("refused")
    page.get_by_text("1 of 3 uplinks").wait_for()
    option(page, "token wrong").wait_for()


def test_keys_alone_suffice(served: Served, opened: Opened) -> None:
    """Rows by j and k, tabs by digits and arrows, search by slash, help by question mark."""
    for value in (1, 2, 3):
        served.uplink(f'{{"n":"count","v":{value}}}')
    page = opened()
    option(page, "#3").wait_for()
    for key, expected in [("j", "#3"), ("j", "#2"), ("j", "#1"), ("k", "#2")]:
        page.keyboard.press(key)
        page.get_by_role("heading", name=expected).wait_for()
    chosen = rows(page, selected=True)
    assert "#2" in chosen.inner_text()
    listed = page.get_by_role("listbox", name="Uplinks, newest first")
    assert listed.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    assert chosen.get_attribute("aria-posinset") == "2"
    page.keyboard.press("4")
    assert page.get_by_role("tab", selected=True).inner_text() == "SenML"
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", selected=True).inner_text() == "Answer"
    page.keyboard.press("/")
    page.keyboard.type("count 3")
    page.get_by_text("1 of 3 uplinks").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_holding_the_list_still(served: Served, opened: Opened) -> None:
    """While held nothing moves, but what came is counted; afterwards it is there."""
    served.uplink(RIGHT)
    page = opened()
    option(page, "#1").wait_for()
    page.get_by_role("button", name="Hold").click()
    served.uplink(RIGHT)
    page.get_by_text("held, 1 newer").wait_for()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Go on").click()
    option(page, "#2").wait_for()


def test_bytes_of_a_device_are_never_markup(served: Served, opened: Opened) -> None:
    """Names, values and headers with HTML in them are shown as they are."""
    page = opened()
    evil = "<img src=x onerror=document.title='caught'>"
    served.uplink(f'{{"n":"a","vs":"{evil}"}}')
    served.post(request(evil.encode(), extra=f"X-Evil: {evil}".encode()))
    option(page, "#1").click()
    for name in ("Findings", "Token", "Request", "SenML", "Answer", "Again"):
        tab(page, name)
    option(page, "#2").click()
    page.get_by_role("heading", name="#2").wait_for()
    for name in ("Findings", "Token", "Request", "SenML", "Answer", "Again"):
        tab(page, name)
    assert page.locator("main img").count() == 0
    assert page.title() != "caught"


def test_no_secret_reaches_the_page(served: Served, opened: Opened) -> None:
    """Not even when a device sends it in clear, by mistake, in head and body."""
    page = opened()
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    served.uplink(f'{{"n":"key","vs":"{SECRET}"}}')
    served.post(request(extra=f"X-Secret: {SECRET}".encode(), token=SECRET))
    option(page, "#2").click()
    for name in ("Token", "Request", "SenML", "Again"):
        assert SECRET not in tab(page, name).inner_text()
    option(page, "#1").click()
    page.get_by_role("heading", name="#1").wait_for()
    assert "‹secret of tracker-1›" in tab(page, "Request").inner_text()
    details = [answer for answer in answers if "/api/uplinks/" in answer.url]
    assert len(details) == 2
    assert all(SECRET not in answer.text() for answer in details)


def test_ten_thousand_uplinks(served: Served, opened: Opened) -> None:
    """All are listed, few are in the document, and the newest device is still answered."""
    page = opened()
    body = f'[{{"bn":"urn:dev:IMEI:{METER}:"}},{RIGHT}]'.encode()
    one = request(body, token=hashlib.sha256(body + OTHER.encode()).hexdigest())
    with served.connect() as sock:
        for _ in range(100):
            sock.sendall(one * 100)
            left = 100
            while left:
                left -= sock.recv(65_536).count(b"HTTP/1.1 202")
    assert b"HTTP/1.1 202" in served.uplink(RIGHT)
    page.get_by_text("10,001 uplinks").wait_for(timeout=60_000)
    option(page, "tracker-1").wait_for()
    assert rows(page).count() < 60
    page.get_by_role("listbox", name="Uplinks, newest first").focus()
    page.keyboard.press("End")
    page.get_by_role("heading", name="#1 meter-7").wait_for()
    assert rows(page, selected=True).get_attribute("aria-posinset") == "10001"
    assert page.locator("*").count() < 900


def test_a_server_that_comes_back_is_followed_again(served: Served, opened: Opened) -> None:
    """The page says that it has lost the server, finds it again, and drops what is gone."""
    page = opened(expect_refusals=True)
    served.uplink(RIGHT)
    option(page, "#1").wait_for()
    page.evaluate("window.kept = true")
    served.stop()
    page.get_by_text("reconnecting", exact=True).wait_for(state="attached")
    served.start(served.bound["http"], served.bound["control"])
    page.get_by_text("No uplink yet").wait_for(timeout=30_000)
    served.uplink('{"n":"after","v":1}')
    option(page, "after 1").wait_for()
    assert page.evaluate("window.kept") is True
