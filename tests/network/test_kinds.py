"""The three kinds of network through their common interface."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.network import kinds
from harness.network.kinds import (
    CaptureUnavailable,
    LabNetwork,
    LoopbackNetwork,
    NamespaceNetwork,
    Network,
    open_network,
)
from harness.network.private import NamespacesUnavailable, namespaces_available
from harness.network.sockets import AddressUnavailable

from .talk import PLATFORM, exchange


def namespace() -> Network:
    """A namespace network, or a skip with the reason."""
    reason = namespaces_available()
    if reason is not None:
        pytest.skip(reason)
    return NamespaceNetwork()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(namespace, marks=pytest.mark.netns, id="namespace"),
        pytest.param(LoopbackNetwork, id="loopback"),
        pytest.param(lambda: LabNetwork("127.0.0.1:0"), id="lab"),
    ],
)
def test_a_modem_finds_the_platform(make: Callable[[], Network]) -> None:
    """On every kind, a modem that wants 10.151.236.157:80 gets to the platform by the routes."""
    with make() as network, network.platform_sockets.listener(*network.bind) as listener:
        address = network.add_modem("a")
        target = network.routes(listener.getsockname()).get(PLATFORM, PLATFORM)
        peer = exchange(listener, network.modem_sockets("a"), target)
        assert peer == (address or "127.0.0.1")
        assert network.private == (network.kind == "namespace")


@pytest.mark.netns
def test_auto_takes_namespaces() -> None:
    """Where namespaces can be had, they are what "auto" gives, with capture."""
    namespace().close()
    with open_network(["a"]) as network:
        assert (network.kind, network.capture_unavailable) == ("namespace", None)


def test_auto_falls_back_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they cannot, "auto" is loopback, and the reason stands in both places."""
    monkeypatch.setattr(kinds, "namespaces_available", lambda: "switched off here")
    with open_network() as network:
        assert network.kind == "loopback"
        assert "switched off here" in network.reason
        assert "switched off here" in (network.capture_unavailable or "")
    with pytest.raises(NamespacesUnavailable, match="switched off here"):
        open_network(wish="namespace")


def test_loopback_captures_nothing(tmp_path: Path) -> None:
    """Asking for a capture on loopback gives the reason, as an error."""
    with (
        LoopbackNetwork() as network,
        pytest.raises(CaptureUnavailable, match="no packet capture on the loopback network"),
    ):
        network.capture(tmp_path / "x.pcap")


def test_a_lab_without_the_address_is_told_how_to_get_it() -> None:
    """The platform's address missing on a lab machine is explained, with the command."""
    with (
        LabNetwork("192.0.2.1:0") as network,
        pytest.raises(AddressUnavailable, match=r"ip addr add 192\.0\.2\.1/32"),
    ):
        network.platform_sockets.listener(*network.bind)


@pytest.mark.parametrize(
    ("interface", "reason"),
    [(None, "names no `network: interface`"), ("eth77", r"no interface 'eth77' here \(.*lo")],
)
def test_a_lab_says_why_it_cannot_capture(interface: str | None, reason: str) -> None:
    """No interface, or one that is not there: each has its reason."""
    with LabNetwork("127.0.0.1:0", interface) as network:
        with pytest.raises(CaptureUnavailable, match=reason):
            network.capture(Path(os.devnull))
        assert network.capture_unavailable is not None


def test_a_lab_captures_the_platforms_packets(tmp_path: Path) -> None:
    """With the rights, a lab's interface is captured, limited to the platform's address."""
    with LabNetwork("127.0.0.1:0", "lo") as network:
        if network.capture_unavailable is not None:
            assert "CAP_NET_RAW" in network.capture_unavailable
            pytest.skip(network.capture_unavailable)
        with network.platform_sockets.listener(*network.bind) as listener:
            bound = listener.getsockname()
            with network.capture(tmp_path / "x.pcap") as capture:
                exchange(listener, network.modem_sockets("a"), bound)
            seen = [p for p in capture.packets() if bound[1] in (p.sport, p.dport)]
    assert [p.flags for p in seen[:3]] == ["S", "SA", "A"]
    assert sum(p.info.startswith("POST") for p in seen) == 1


@pytest.mark.parametrize("text", ["10.151.236.157", "host:80", "1.2.3.4:x", "1.2.3.4:70000", "1:2"])
def test_a_wrong_bind_is_refused(text: str) -> None:
    """What is no address and port is quoted, with an example."""
    with pytest.raises(UsageError, match=r"like 10\.151\.236\.157:80"):
        LabNetwork(text)
