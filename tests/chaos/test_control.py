"""``/api/chaos`` of a running control server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from harness.cli.serve_lines import Lines
from harness.evidence import Redactor
from harness.network.sockets import HostSockets
from harness.platform.chaos import KINDS, Latency
from harness.platform.chaos.rule import Standing
from harness.platform.control.chaos_orders import ChaosOrder, ClockJumpOrder
from harness.platform.control.feed import Feed
from harness.platform.control.server import ControlServer
from tests.platform.bench import NOW, Rig, request

Api = Callable[..., tuple[int, Any]]


@pytest.fixture
def api(rig: Rig) -> Iterator[Api]:
    server = ControlServer(rig.platform, Feed(rig.timeline), Redactor())
    host, port = server.start(HostSockets(), "127.0.0.1", 0)

    def call(method: str, path: str, order: object = None) -> tuple[int, Any]:
        asked = urllib.request.Request(
            f"http://{host}:{port}{path}",
            None if order is None else json.dumps(order).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    yield call
    server.stop()


def test_a_rule_is_made_shown_switched_and_removed(rig: Rig, api: Api) -> None:
    """Each answer is the rule in full, and says in a sentence what it does."""
    made = {
        "id": "chaos-1",
        "kind": "lose-response",
        "device": "tracker-1",
        "on": True,
        "state": "on",
        "struck": 0,
        "seed": 7,
        "says": "tracker-1: every answer is lost: the request is taken, then the connection is "
        "closed",
        "order": {
            "kind": "lose-response", "probability": 1.0, "after": 0.0,
            "device": "tracker-1", "seed": 7,
        },
    }  # fmt: skip
    order = {"kind": "lose-response", "device": "tracker-1", "seed": 7}
    assert api("POST", "/api/chaos", order) == (201, made)
    assert rig.post(request()) == b""
    assert api("GET", "/api/chaos") == (200, [{**made, "struck": 1}])
    off = {**made, "struck": 1, "on": False, "state": "off"}
    assert api("PATCH", "/api/chaos/chaos-1", {"on": False}) == (200, off)
    assert rig.post(request()).startswith(b"HTTP/1.1 202")
    assert api("DELETE", "/api/chaos/chaos-1") == (200, off)
    assert api("GET", "/api/chaos") == (200, [])


ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "latency", "seconds": 2.5}, "every answer comes 2.5 s late"),
    (
        {"kind": "log-normal-latency", "median": 1.5, "sigma": 0.6, "max": 20},
        "answers come late, half of them by less than 1.5 s (log-normal, sigma 0.6), none by more "
        "than 20 s",
    ),
    (
        {"kind": "lose-response", "probability": 0.3, "after": 4},
        "an answer in 30 % of the cases is lost: the request is taken, 4 s later the connection is "
        "closed",
    ),
    (
        {"kind": "reset", "probability": 0.25},
        "instead of an answer in 25 % of the cases, the connection is reset",
    ),
    (
        {"kind": "refuse", "answers": [503, "unverified", "normal"], "repeat": True},
        "the answers are, in turn, 503, unverified, normal; over and over",
    ),
    (
        {"kind": "maintenance", "start": "2023-11-15T00:00:00Z", "lasts": 600},
        "maintenance from 2023-11-15T00:00:00.000Z until 2023-11-15T00:10:00.000Z: every request "
        "is answered with 503",
    ),
    (
        {"kind": "maintenance", "end": "2023-11-15T01:00:00+01:00", "answer": "refuse-connections"},
        "maintenance from 2023-11-14T22:13:20.000Z until 2023-11-15T00:00:00.000Z: connections are "
        "refused",
    ),
]


@pytest.mark.parametrize(("order", "says"), ORDERS)
def test_every_kind_is_told_in_words(rig: Rig, api: Api, order: dict[str, Any], says: str) -> None:
    """For people; and the order that comes back makes the same rule again."""
    code, made = api("POST", "/api/chaos", {**order, "seed": 1})
    assert (code, made["says"]) == (201, f"all devices: {says}")
    code, again = api("POST", "/api/chaos", made["order"])
    assert code == 201
    assert {**again, "id": "", "seed": 0} == {**made, "id": "", "seed": 0}


def test_the_clock_jumps(rig: Rig, api: Api) -> None:
    """Forward, at once; it is no rule. Back is refused with the reason."""
    code, jump = api("POST", "/api/chaos", {"kind": "clock-jump", "by": 3600})
    assert (code, jump["to"]) == (201, "2023-11-14T23:13:20.000Z")
    assert api("GET", "/api/chaos") == (200, [])
    for wrong in ({"by": -1}, {"to": NOW.isoformat()}):
        code, refused = api("POST", "/api/chaos", {"kind": "clock-jump", **wrong})
        assert code == 409
        assert "does not go backwards" in refused["error"]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({}, 422, "kind"),
    ({"kind": "earthquake"}, 422, "earthquake"),
    ({"kind": "latency"}, 422, "latency.seconds"),
    ({"kind": "latency", "seconds": 1, "sigma": 1}, 422, "latency.sigma"),
    ({"kind": "latency", "seconds": 0}, 400, "latency: seconds is more than 0"),
    ({"kind": "latency", "seconds": 1, "device": "nobody"}, 404, "nobody"),
    ({"kind": "latency", "seconds": 1, "seed": -1}, 400, "seed"),
    ({"kind": "reset", "probability": 2}, 400, "probability is at least 0 and at most 1"),
    ({"kind": "refuse", "answers": []}, 400, "answers"),
    ({"kind": "refuse", "answers": [200]}, 400, "300 to 599"),
    ({"kind": "refuse", "answers": ["accepted"]}, 422, "answers"),
    ({"kind": "maintenance"}, 400, "exactly one of its end and how long it lasts"),
    ({"kind": "maintenance", "end": "2020-01-01T00:00:00Z"}, 400, "before"),
    ({"kind": "maintenance", "end": "2030-01-01T00:00:00"}, 400, "time zone"),
    ({"kind": "maintenance", "lasts": 5, "answer": 200}, 400, "answer"),
    (
        {"kind": "maintenance", "lasts": 5, "answer": "refuse-connections",
         "device": "tracker-1"},
        400, "to all devices or to none",
    ),
    ({"kind": "clock-jump"}, 400, "exactly one"),
    ({"kind": "clock-jump", "by": 1, "device": "tracker-1"}, 422, "device"),
]  # fmt: skip


def test_refused_orders_say_why(rig: Rig, api: Api) -> None:
    """4xx with one reason, and nothing is changed."""
    seen = [api("POST", "/api/chaos", order) for order, _, _ in REFUSED]
    for (order, code, reason), (got, answer) in zip(REFUSED, seen, strict=True):
        assert (order, got, list(answer)) == (order, code, ["error"])
        assert reason in answer["error"]
    assert api("GET", "/api/chaos") == (200, [])


def test_lines_tell_of_chaos(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """`hil serve` prints what befalls the rules."""
    lines = Lines(rig.platform, rig.timeline, as_json=False)
    rig.platform.chaos.add(Latency(2))
    lines.end()
    lines.run()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("chaos added: all devices: every answer comes 2 s late")


def test_unknown_rules_are_not_found(rig: Rig, api: Api) -> None:
    """404, with the rules that there are."""
    api("POST", "/api/chaos", {"kind": "reset"})
    for method, order in (("DELETE", None), ("PATCH", {"on": True})):
        code, answer = api(method, "/api/chaos/chaos-9", order)
        assert code == 404
        assert "there are: chaos-1" in answer["error"]
    assert api("PATCH", "/api/chaos/chaos-1", {"off": True})[0] == 422
    code, removed = api("DELETE", "/api/chaos")
    assert (code, [rule["id"] for rule in removed]) == (200, ["chaos-1"])


MODELS: TypeAdapter[Any] = TypeAdapter(ChaosOrder)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["503", "normal", "2026-03-01T12:00:00Z", "tracker-1"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
KEYS = [
    "seconds", "median", "sigma", "max", "probability", "after", "answers", "repeat", "start",
    "end", "lasts", "answer", "by", "to", "device", "seed", "on",
]  # fmt: skip


@given(
    st.sampled_from([*KINDS, "clock-jump", "earthquake"]),
    st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4),
)
def test_any_order_is_a_rule_or_a_clear_refusal(kind: str, rest: dict[str, Any]) -> None:
    """Whatever is sent: a value error or UsageError, or a rule whose own order means the same."""
    from harness.errors import UsageError

    try:
        order = MODELS.validate_python({"kind": kind, **rest})
        if isinstance(order, ClockJumpOrder):
            return
        disturbance = order.disturbance(NOW, 503)
    except (ValueError, UsageError):
        return
    rule = Standing("chaos-1", disturbance, None, 1, True).rule(0)
    again = MODELS.validate_python(json.loads(json.dumps(rule.order())))
    assert rule.says
    assert Standing("chaos-1", again.disturbance(NOW, 503), None, 1, True).rule(0).says == rule.says
