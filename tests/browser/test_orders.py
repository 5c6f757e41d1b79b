"""Orders given on the live page: downlinks, SMS, the clock, chaos."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Opened, Served

RIGHT = '{"n":"temperature","u":"Cel","v":21.5}'


def view(page: Any, name: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()


def forward(page: Any, step: str) -> None:
    page.get_by_role("button", name="Scenario clock").click()
    page.get_by_role("button", name=step, exact=True).click()
    page.get_by_text("The clock went").first.wait_for()
    page.keyboard.press("Escape")


def test_a_downlink_is_composed_and_goes_with_the_next_uplink(
    served: Served, opened: Opened
) -> None:
    """Two records of different kinds; its status changes on the page without a reload."""
    page = opened()
    view(page, "Messages")
    page.get_by_label("Device").fill("tracker-1")
    page.get_by_text("IMEI 356726104408422, SIM plus").wait_for()
    form = page.get_by_role("region", name="Compose a downlink")
    form.get_by_label("Name of the record").fill("interval")
    form.get_by_label("Value", exact=True).fill("600")
    form.get_by_role("button", name="Add a record").click()
    form.get_by_label("Name of the record").nth(1).fill("led")
    form.get_by_label("Kind of value").nth(1).select_option("vb")
    form.get_by_label("Value", exact=True).nth(1).fill("true")
    form.get_by_role("button", name="Queue the downlink").click()
    page.get_by_role("cell", name="Executing", exact=True).wait_for()
    answer = served.uplink(RIGHT)
    assert b'{"n":"interval","v":600},{"n":"led","vb":true}' in answer
    page.get_by_role("cell", name="Succeeded", exact=True).wait_for()
    page.get_by_role("cell", name="uplink #1").wait_for()


def test_a_downlink_is_moved_on_and_its_life_can_be_read(served: Served, opened: Opened) -> None:
    """Queued, released, put back, given up: each step with its reason, unfolded as it was left."""
    page = opened()
    view(page, "Messages")
    page.get_by_label("Device").fill("tracker-1")
    form = page.get_by_role("region", name="Compose a downlink")
    form.get_by_label("Name of the record").fill("interval")
    form.get_by_label("Value", exact=True).fill("600")
    form.get_by_label("Status").select_option("Queued")
    form.get_by_role("button", name="Queue the downlink").click()
    page.get_by_label("Life of downlink dl-1").click()
    for name, status in (("Release", "Executing"), ("Put back", "Queued"), ("Give up", "Failed")):
        page.get_by_role("button", name=f"{name} dl-1").click()
        page.get_by_role("cell", name=status, exact=True).wait_for()
        page.get_by_text(f"{status}: {name.lower()} on the page").wait_for()
    assert page.get_by_role("button", name="dl-1").count() == 0
    assert b"interval" not in served.uplink(RIGHT)


@pytest.mark.parametrize(
    ("device", "value", "reason"),
    [("nobody", "1", "no device 'nobody'"), ("tracker-1", "much", "“much” is no number")],
)
def test_a_wrong_downlink_is_refused_with_the_reason(
    served: Served, opened: Opened, device: str, value: str, reason: str
) -> None:
    """What the server, or the form, has against it stands on the page."""
    page = opened(expect_refusals=True)
    view(page, "Messages")
    page.get_by_label("Device").fill(device)
    form = page.get_by_role("region", name="Compose a downlink")
    form.get_by_label("Name of the record").fill("a")
    form.get_by_label("Value", exact=True).fill(value)
    form.get_by_role("button", name="Queue the downlink").click()
    page.get_by_role("alert").get_by_text(reason).wait_for()


def test_an_sms_is_submitted_and_followed_to_its_end(served: Served, opened: Opened) -> None:
    """The schedule is drawn with its next attempt; the clock steps it; after 48 h it is FAILED."""
    page = opened()
    view(page, "Messages")
    page.get_by_role("img", name="32 attempts in 48 hours").wait_for()
    page.get_by_label("Device").fill("tracker-1")
    form = page.get_by_role("region", name="Compose an SMS")
    form.get_by_label("Text").fill("wake up")
    form.get_by_role("button", name="Submit the SMS").click()
    page.get_by_role("img", name=re.compile("1 attempt so far.*in 1 min")).wait_for()
    forward(page, "To the next SMS attempt")
    page.get_by_text("2 attempts so far. Next attempt at 2026-03-01 12:02:00").wait_for()
    forward(page, "+1 h")
    page.get_by_text("11 attempts so far").wait_for()
    for _ in range(2):
        forward(page, "+1 d")
    page.get_by_text("FAILED after 32 attempts, the last at 2026-03-03 09:05:00").wait_for()
    page.get_by_text("The 32 attempts as a table").click()
    attempt = page.get_by_role("cell", name="1 d 21 h")
    attempt.wait_for()
    page.get_by_label("Name of the record").fill("led")
    page.get_by_label("Value", exact=True).fill("1")
    page.get_by_role("button", name="Queue the downlink").click()
    page.get_by_role("cell", name="dl-1", exact=True).wait_for()  # all is drawn again
    assert attempt.is_visible()


def test_the_clock_refuses_what_is_no_duration(served: Served, opened: Opened) -> None:
    """And takes one that is."""
    page = opened()
    page.get_by_role("button", name="Scenario clock").click()
    amount = page.get_by_label("Forward by")
    amount.fill("soon")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_role("alert").get_by_text("“soon” is no duration").wait_for()
    amount.fill("1h 30m")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_role("banner").get_by_text("2026-03-01 13:30:00").wait_for()


def test_chaos_is_switched_on_and_off(served: Served, opened: Opened) -> None:
    """The next uplinks are refused in the sequence asked for; the uplink says by what."""
    page = opened()
    view(page, "Chaos")
    page.get_by_label("What").select_option("refuse")
    page.get_by_label("For", exact=True).fill("tracker-1")
    page.get_by_label("Answers in turn").fill("unverified, 503")
    page.get_by_role("button", name="Switch it on").click()
    page.get_by_role("cell", name="0 times").wait_for()
    assert served.uplink(RIGHT).startswith(b"HTTP/1.1 401")
    assert served.uplink(RIGHT).startswith(b"HTTP/1.1 503")
    view(page, "Uplinks")
    page.get_by_role("option").filter(has_text="#2").click()
    page.get_by_text("disturbed: status").wait_for()
    view(page, "Chaos")
    page.get_by_role("button", name="Remove all").click()
    page.get_by_text("Nothing is disturbed").wait_for()
    assert served.uplink(RIGHT).startswith(b"HTTP/1.1 202")


def test_a_disturbance_is_switched_off_for_a_while(served: Served, opened: Opened) -> None:
    """Nobody listens while it is on; off and on again keeps its place."""
    page = opened()
    view(page, "Chaos")
    page.get_by_label("What").select_option("maintenance")
    page.get_by_label("Then").select_option("refuse-connections")
    page.get_by_role("button", name="Switch it on").click()
    page.get_by_role("button", name="Switch chaos-1 off").wait_for()
    with pytest.raises(ConnectionRefusedError):
        served.uplink(RIGHT)
    page.get_by_role("button", name="Switch chaos-1 off").click()
    page.get_by_role("button", name="Switch chaos-1 on").wait_for()
    assert served.uplink(RIGHT).startswith(b"HTTP/1.1 202")
    page.get_by_role("button", name="Remove chaos-1").click()
    page.get_by_text("Nothing is disturbed").wait_for()


def test_devices_are_listed_found_and_followed(served: Served, opened: Opened) -> None:
    """By number or name; from there to their uplinks."""
    served.uplink(RIGHT)
    page = opened()
    view(page, "Devices")
    page.get_by_text("2 devices").wait_for()
    page.get_by_role("row", name="tracker-1").get_by_text("accepted #1").wait_for()
    page.get_by_role("searchbox", name="Search the devices").fill("490154")
    page.get_by_text("1 device", exact=True).wait_for()
    page.get_by_role("searchbox", name="Search the devices").fill("+3197")
    page.get_by_role("button", name="Uplinks of tracker-1").click()
    page.get_by_role("heading", name="Choose an uplink").or_(
        page.get_by_text("Choose an uplink")
    ).first.wait_for()
    assert page.get_by_role("searchbox").input_value() == "tracker-1"


def test_the_timeline_is_taken_away(served: Served, opened: Opened) -> None:
    """As a file of JSON lines with the uplink in it."""
    served.uplink(RIGHT)
    page = opened("#about")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Export the timeline").click()
    lines = waiting.value.path().read_text().splitlines()
    assert any('"kind":"uplink"' in line for line in lines)


def test_a_page_with_a_token_is_opened_once_and_stays_open(
    served: Served, opened: Opened, tmp_path: Path
) -> None:
    """A first visit with the token lets the browser in; the address is clean afterwards."""
    (tmp_path / "token").write_text("Bench-Control_Token.0123~\n")
    served.restart("--control-token-file", str(tmp_path / "token"))
    page = opened("?token=Bench-Control_Token.0123~")
    assert "token" not in page.url
    served.uplink(RIGHT)
    page.get_by_role("option").filter(has_text="temperature 21.5").wait_for()
    page.reload()
    view(page, "Devices")
    page.get_by_text("2 devices").wait_for()


def test_without_the_token_there_is_no_page(browser: Any, served: Served, tmp_path: Path) -> None:
    """Whoever does not have it is told what is missing."""
    (tmp_path / "token").write_text("Bench-Control_Token.0123~\n")
    served.restart("--control-token-file", str(tmp_path / "token"))
    page = browser.new_page()
    try:
        answer = page.goto(served.url)
        assert answer.status == 401
        assert "token" in page.locator("body").inner_text()
        assert page.locator("#views").count() == 0
    finally:
        page.context.close()
