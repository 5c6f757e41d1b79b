"""The token of the control address: for programs, and for a person's browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.platform.actuator.settings import ActuatorSettings
from harness.platform.control.access import Access
from harness.platform.settings import PlatformSettings
from tests.control.serving import TOKEN, Controlled, controlled


@pytest.fixture(scope="module")
def locked() -> Iterator[Controlled]:
    """Reachable from other machines, so with a token."""
    with controlled(Access(TOKEN, frozenset({"bench.lab"})), "0.0.0.0") as running:
        yield running


def at(locked: Controlled) -> dict[str, str]:
    return {"Host": f"127.0.0.1:{locked.address[1]}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xff\xfe"},
        {"Cookie": f"hil-control={TOKEN}"},
        {"Cookie": '"'},
    ],
)
def test_without_the_right_token_nothing_is_answered(
    locked: Controlled, headers: dict[str, str]
) -> None:
    """401 with what to send, for questions, orders, pages and unknown paths alike."""
    for path in ("/api/uplinks", "/api/events", "/docs", "/openapi.json", "/nothing"):
        answer = locked.ask(path, at(locked) | headers)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "Authorization: Bearer" in answer.error
        assert TOKEN not in answer.body.decode()
    before = len(locked.platform.downlinks())
    assert locked.order(at(locked) | headers).status == 401
    assert len(locked.platform.downlinks()) == before


@pytest.mark.parametrize("kind", ["Bearer", "bearer"])
def test_a_program_bears_the_token(locked: Controlled, kind: str) -> None:
    """As a header; the server is also answered to by its further name."""
    borne = {"Authorization": f"{kind} {TOKEN}"}
    assert locked.order(at(locked) | borne).status == 201
    assert locked.ask("/docs", {"Host": "bench.lab:8081", **borne}).status == 200
    assert locked.ask("/docs", {"Host": "evil.example", **borne}).status == 421


def test_the_token_is_no_pass_for_foreign_pages(locked: Controlled) -> None:
    """The origin is looked at in any case."""
    borne = {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"}
    assert locked.order(at(locked) | borne).status == 403


def test_a_browsers_first_visit_brings_a_cookie_and_a_clean_address(locked: Controlled) -> None:
    """The cookie is not the token, is out of reach of scripts and other sites, and opens all."""
    first = locked.ask(f"/docs?a=1&token={TOKEN}&b=x%20y", at(locked))
    assert (first.status, first.headers["location"]) == (303, "/docs?a=1&b=x+y")
    cookie, *marks = first.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} == set(marks)
    assert TOKEN not in cookie
    for path in ("/docs", "/api/uplinks", "/openapi.json"):
        assert locked.ask(path, at(locked) | {"Cookie": f"other=1; {cookie}"}).status == 200
    assert locked.order(at(locked) | {"Cookie": cookie}).status == 201
    name = cookie.partition("=")[0]
    assert locked.order(at(locked) | {"Cookie": f"{name}=wrong"}).status == 401


def test_the_actuator_api_asks_for_its_own_token() -> None:
    """An application that has it does not need the control token, and gets no further with it."""
    own = "Actuator-Token.0123456789"
    settings = PlatformSettings(actuator=ActuatorSettings(token=own))
    borne = {"Authorization": f"Bearer {own}"}
    with controlled(Access(TOKEN), settings=settings) as running:
        assert running.ask("/actuator/downlinks", borne).status == 200
        assert running.ask("/actuator/downlinks").status == 401
        assert running.ask("/actuator/downlinks", borne | {"Host": "evil.example"}).status == 421
        for path in ("/api/uplinks", "/actuatorx", "/docs", "/actuator/../api/uplinks"):
            answer = running.ask(path, borne)
            assert answer.status in (401, 404)
            assert b"[]" not in answer.body
    with controlled(Access(TOKEN)) as running:
        assert running.ask("/actuator/downlinks").status == 401
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert running.ask("/actuator/downlinks", right).status == 200


def test_the_cookie_is_of_this_server_and_this_token() -> None:
    """Another port has another name for it, another token another value."""
    with controlled(Access(TOKEN)) as one, controlled(Access(TOKEN + "x")) as other:
        first = one.ask(f"/?token={TOKEN}").headers["set-cookie"].partition(";")[0]
        second = other.ask(f"/?token={TOKEN}x").headers["set-cookie"].partition(";")[0]
        assert [part.partition("=")[0] for part in (first, second)] == [
            f"hil-control-{server.address[1]}" for server in (one, other)
        ]
        assert first.partition("=")[2] != second.partition("=")[2]


def test_the_redirect_stays_on_this_server(locked: Controlled) -> None:
    """A path with two slashes does not become another host."""
    answer = locked.ask(f"//evil.example/?token={TOKEN}", at(locked))
    assert (answer.status, answer.headers["location"]) == (303, "/evil.example/")


def test_a_wrong_token_in_the_address_is_refused(locked: Controlled) -> None:
    """Without cookie; an order takes none there either."""
    answer = locked.ask(f"/docs?token={TOKEN}x", at(locked))
    assert answer.status == 401
    assert "set-cookie" not in answer.headers
    assert (
        locked.ask(f"/api/sms?token={TOKEN}", at(locked), method="POST", body=b"{}").status == 401
    )


def test_a_browser_is_shown_where_to_type_the_token(locked: Controlled) -> None:
    """A page with a field, also for screen readers, that fetches nothing and runs nothing."""
    browser = at(locked) | {"Accept": "text/html,application/xhtml+xml"}
    page = locked.ask("/docs", browser)
    assert page.status == 401
    text = page.body.decode()
    assert "<p role=alert>this control address has a token</p>" in text
    assert "<label>Token <input name=token type=password" in text
    assert not re.search("<script|<link|<img|src=|href=", text)
    (style,) = re.findall("<style>(.*)</style>", text)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "frame-ancestors 'none'" in policy
    wrong = locked.ask(f"/docs?token={TOKEN}x", browser).body.decode()
    assert "this is not its token" in wrong
    assert TOKEN not in wrong


@pytest.mark.parametrize("token", ["", "short", "x" * 201, "with a space in between", "é" * 20])
def test_a_token_that_cannot_be_used_is_refused(token: str) -> None:
    """With how to make a good one; the token itself is not repeated."""
    with pytest.raises(UsageError, match="token_urlsafe") as refused:
        Access(token)
    assert not token or token not in str(refused.value)
    assert TOKEN not in repr(Access(TOKEN))


def test_an_address_beyond_loopback_is_not_opened_without_token(tmp_path: Path) -> None:
    """The server itself refuses, whatever name the address was given by."""
    with (
        pytest.raises(UsageError, match="--control-token-env"),
        controlled(Access(), "0.0.0.0"),
    ):
        pytest.fail("it listens")
