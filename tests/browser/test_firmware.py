"""Firmware over the air on the live page."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from tests.browser.conftest import Opened, Served
from tests.platform.bench import read_answer


def test_an_image_is_offered_and_its_way_is_shown(
    served: Served, opened: Opened, tmp_path: Path
) -> None:
    """A file is offered; what came of it, what was wrong, and the report show by themselves."""
    image = tmp_path / "image.bin"
    image.write_bytes(bytes(500))
    page = opened()
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Firmware").click()
    page.get_by_text("No firmware was offered.").wait_for()
    page.get_by_label("Device").fill("tracker-1")
    page.get_by_label("Version").fill("1.1.0")
    page.get_by_label("Image").set_input_files(str(image))
    page.get_by_role("button", name="Offer it").click()
    page.get_by_text("0 of 500 bytes, 0 requests").wait_for()
    _, url, token = json.loads(served.uplink('{"n":"a","v":1}').partition(b"\r\n\r\n")[2])
    head = f"GET {urlsplit(url['vs']).path} HTTP/1.1\r\nHost: m.m\r\n"
    bearer = f"Authorization: Bearer {token['vs']}\r\n"
    for more in (f"{bearer}Range: bytes=0-255\r\n\r\n", "Range: bytes=256-499\r\n\r\n",
                 f"{bearer}Range: bytes=256-499\r\n\r\n"):  # fmt: skip
        with served.connect() as sock:
            sock.sendall((head + more).encode())
            read_answer(sock)
    page.get_by_text("500 of 500 bytes, 3 requests").wait_for()
    page.get_by_text("no Authorization header").wait_for()
    served.uplink('{"n":"firmware","vs":"1.1.0"}')
    page.locator(".chip.good", has_text="1.1.0").wait_for()


def test_a_new_token_by_a_button(served: Served, opened: Opened) -> None:
    """Another downlink goes out with the same URL."""
    page = opened()
    page.goto(f"{served.url}#firmware")
    page.get_by_label("Device").fill("meter-7")
    page.get_by_label("Version").fill("2.0.0")
    page.get_by_role("button", name="Offer it").click()
    page.get_by_role("button", name="A new token for fw-1").click()
    page.get_by_text("fw-1 goes out again").wait_for()
    first, second = page.evaluate("fetch('/api/downlinks').then(answer => answer.json())")
    assert first["records"][0] == second["records"][0]
