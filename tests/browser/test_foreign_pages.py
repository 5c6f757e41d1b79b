"""What a page of another site can do to the control address through somebody's browser: nothing."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.browser.conftest import Served

BEFORE = "2026-03-01T12:00:00.000Z"
ORDER = """async ([url, options]) => {
  try { const answer = await fetch(url, options); return [answer.type, answer.status]; }
  catch (error) { return ["failed", String(error)]; }
}"""
LISTEN = """url => new Promise(tell => {
  const source = new EventSource(url);
  source.onopen = () => tell("open");
  source.onerror = () => tell("refused");
})"""
FRAME = """url => new Promise(tell => {
  const frame = document.createElement("iframe");
  frame.name = "target"; frame.src = url; frame.onload = () => tell("loaded");
  document.body.append(frame);
})"""
SUBMIT = """url => {
  const form = document.createElement("form");
  form.action = url; form.method = "post"; form.enctype = "text/plain"; form.target = "target";
  const field = document.createElement("input");
  field.name = '{"advance": 60, "x": "'; field.value = '"}';
  form.append(field); document.body.append(form); form.submit();
}"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>foreign</title><p>A page of another site.")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def foreign() -> Iterator[str]:
    """The address of another server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_address[1]}/"
        server.shutdown()
        thread.join(10)


def own_view(browser: Any, served: Served) -> dict[str, Any]:
    """The clock, as the server's own page sees it."""
    page = browser.new_page()
    page.goto(served.url + "api/clock")
    shown: dict[str, Any] = page.evaluate("() => JSON.parse(document.body.innerText)")
    page.close()
    return shown


def test_a_foreign_page_gets_nothing_done(browser: Any, served: Served, foreign: str) -> None:
    """Fetch, event stream, frame and form, from another port of the same machine."""
    page = browser.new_page()
    page.goto(foreign)
    clock = served.url + "api/clock"
    order = {"method": "POST", "body": '{"advance": 60}'}
    assert page.evaluate(ORDER, [clock, order])[0] == "failed"
    page.evaluate(ORDER, [clock, {**order, "mode": "no-cors"}])
    typed = {**order, "headers": {"Content-Type": "application/json"}}
    assert page.evaluate(ORDER, [clock, typed])[0] == "failed"
    assert page.evaluate(ORDER, [served.url + "api/uplinks", {}])[0] == "failed"
    assert page.evaluate(LISTEN, served.url + "api/events") == "refused"
    with page.expect_response(served.url) as framed:
        page.evaluate(FRAME, served.url)
    assert framed.value.status == 403
    with page.expect_response(clock) as answered:
        page.evaluate(SUBMIT, clock)
    assert answered.value.status == 403
    page.close()
    assert own_view(browser, served) == {"now": BEFORE, "frozen": True}


def test_a_foreign_name_that_leads_here_shows_nothing(browser: Any, served: Served) -> None:
    """DNS rebinding: the browser believes evil.example is this machine; the server does not."""
    port = served.bound["control"].rpartition(":")[2]
    misled = browser.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=[
            "--host-resolver-rules=MAP evil.example 127.0.0.1",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ],
    )
    page = misled.new_page()
    assert page.goto(f"http://evil.example:{port}/").status == 421
    order = {"method": "POST", "body": '{"advance": 60}'}
    assert page.evaluate(ORDER, ["/api/clock", order]) == ["basic", 421]
    misled.close()
    assert own_view(browser, served) == {"now": BEFORE, "frozen": True}
