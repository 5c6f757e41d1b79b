"""What connections cost, in the report (NET-COST)."""

from __future__ import annotations

from pathlib import Path

from harness.report.cost import cost_html
from harness.report.model import load_scenario
from tests.report.played import Play

PLAIN = {"client": "10.0.0.2:4001", "server": "10.151.236.157:80", "up": 591, "down": 260,
         "tls": False}  # fmt: skip
SECURE = {"client": "10.0.0.2:4002", "server": "10.151.236.157:443", "up": 1019, "down": 1938,
          "tls": True}  # fmt: skip


def page(folder: Path, connections: object, *peers: str) -> str:
    with Play(folder, "network.cost", "What it costs", ["NET-COST"]) as play:
        for number, peer in enumerate(peers, 1):
            play.record("platform", "http.request", exchange=number, peer=peer, device="t",
                        head="", body="")  # fmt: skip
        play.record("capture", "capture.summary", file="x.pcap", packets=1, dropped=0,
                    connections=connections)  # fmt: skip
    return cost_html(load_scenario(folder / "timelines" / "network.cost.jsonl"))


def test_each_connection_and_the_cost_per_uplink(tmp_path: Path) -> None:
    """Two uplinks share a TLS connection, and with it the cost of its handshake."""
    html = page(tmp_path, [PLAIN, SECURE], "10.0.0.2:4001", "10.0.0.2:4002", "10.0.0.2:4002")
    assert '<td>plain</td><td class="h-num">1</td>' in html
    assert ">851<" in html
    assert '<td>TLS</td><td class="h-num">2</td>' in html
    assert ">1,478<" in html


def test_a_connection_without_uplink_has_no_cost_per_uplink(tmp_path: Path) -> None:
    """A refused handshake costs, too, and is divided by nothing."""
    assert ">–<" in page(tmp_path, [SECURE])


def test_damaged_or_older_timelines_do_no_harm(tmp_path: Path) -> None:
    """No connections, or nonsense in their place: no table, or a row of noughts."""
    assert page(tmp_path, None) == ""
    assert ">0<" in page(tmp_path, [{"client": 5}, "x"])
