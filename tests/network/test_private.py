"""Private networks: addresses, isolation, faults."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.network.private import NamespacesUnavailable, PrivateNetwork
from harness.network.sockets import AddressUnavailable, HostSockets

from .talk import PLATFORM, connect, exchange

pytestmark = pytest.mark.netns
ROOT = Path(__file__).resolve().parent.parent.parent
NOBODY = "65534"


def test_platform_listens_on_the_real_address(network: PrivateNetwork) -> None:
    """Inside, the platform listens on 10.151.236.157 port 80 itself, without any rights here."""
    with network.platform_sockets.listener(*PLATFORM) as listener:
        assert listener.getsockname() == PLATFORM


def test_each_modem_has_its_own_address(network: PrivateNetwork) -> None:
    """Two modems reach the platform, which tells them apart by address."""
    with network.platform_sockets.listener(*PLATFORM) as listener:
        seen = [
            exchange(listener, network.modem_sockets(name)) for name in ("tracker-1", "tracker-2")
        ]
    assert seen == [network.address_of("tracker-1"), network.address_of("tracker-2")]
    assert seen[0] != seen[1]


def test_a_modem_can_be_added_later(network: PrivateNetwork) -> None:
    """A modem added at run time is reachable at once; adding it again changes nothing."""
    address = network.add_modem("late")
    with network.platform_sockets.listener(*PLATFORM) as listener:
        assert exchange(listener, network.modem_sockets("late")) == address
    assert network.add_modem("late") == address


def test_an_unknown_modem_is_refused_by_name(network: PrivateNetwork) -> None:
    """Asking for a modem that was never added names it, and those that were."""
    with pytest.raises(UsageError, match=r"'nobody'.*tracker-1, tracker-2"):
        network.address_of("nobody")


def test_the_pool_has_an_end(network: PrivateNetwork) -> None:
    """More modems than the pool has addresses is a rig error that says so."""
    for number in range(252):  # and the two of the fixture
        network.add_modem(f"modem-{number}")
    with pytest.raises(NamespacesUnavailable, match=r"no address left.*254"):
        network.add_modem("one-too-many")


def test_a_taken_port_is_explained(network: PrivateNetwork) -> None:
    """A second listener on the platform's port gets the explanation that the host's would."""
    with (
        network.platform_sockets.listener(*PLATFORM),
        pytest.raises(AddressUnavailable, match="another program is listening"),
    ):
        network.platform_sockets.listener(*PLATFORM)


def test_a_foreign_source_address_is_refused(network: PrivateNetwork) -> None:
    """A modem cannot speak from an address that it does not have."""
    with pytest.raises(AddressUnavailable, match=r"does not have the address 100\.64\.0\.200"):
        network.modem_sockets("tracker-1").stream("100.64.0.200")


def test_nobody_resolves_names(network: PrivateNetwork) -> None:
    """A DNS query is answered by nobody: not by a resolver elsewhere, not by the platform."""
    absent = network.dns_query("tracker-1", "prod.dm.kpnthings.com", timeout_s=0.05)
    assert (absent.answered, "no answer" in absent.reason) == (False, True)
    refused = network.dns_query("tracker-1", "kpn.com", resolver=PLATFORM[0], timeout_s=5.0)
    assert (refused.answered, "refused" in refused.reason) == (False, True)


def test_the_host_sees_nothing_of_it(network: PrivateNetwork) -> None:
    """Neither the interfaces nor the platform's address appear in the host's network."""
    assert not {"platform0", "modems0"} & {name for _, name in socket.if_nameindex()}
    with (
        network.platform_sockets.listener(*PLATFORM),
        pytest.raises(AddressUnavailable, match="does not have the address"),
    ):
        HostSockets().listener(PLATFORM[0], 0)


def test_a_modem_does_not_reach_the_host(network: PrivateNetwork) -> None:
    """A server on the host's loopback is not there for a modem."""
    with (
        HostSockets().listener("127.0.0.1", 0) as server,
        network.modem_sockets("tracker-1").stream() as modem,
    ):
        modem.settimeout(5.0)
        with pytest.raises(ConnectionRefusedError):
            modem.connect(server.getsockname())


def test_networks_do_not_disturb_each_other(network: PrivateNetwork) -> None:
    """Two networks have the same addresses at the same time, and each its own traffic."""
    with (
        PrivateNetwork.create(["tracker-1"]) as other,
        network.platform_sockets.listener(*PLATFORM) as first,
        other.platform_sockets.listener(*PLATFORM) as second,
    ):
        assert exchange(second, other.modem_sockets("tracker-1")) == "100.64.0.1"
        with pytest.raises(BlockingIOError):
            first.accept()


def test_sockets_outlive_the_network(network: PrivateNetwork) -> None:
    """A connection that was made keeps working when the network is closed under it."""
    with network.platform_sockets.listener(*PLATFORM) as listener:
        ours, theirs = connect(listener, network.modem_sockets("tracker-1"))
    with ours, theirs:
        network.close()
        ours.sendall(b"still here")
        assert theirs.recv(100) == b"still here"
    with pytest.raises(NamespacesUnavailable, match="closed"):
        network.add_modem("too-late")


def test_an_answer_that_nobody_waited_for_is_nobody_elses(
    network: PrivateNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C during a request, the next one does not get the socket of that one."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(socket, "recv_fds", interrupted)
        with pytest.raises(KeyboardInterrupt):
            network.packet_socket()
    with pytest.raises(NamespacesUnavailable, match="was interrupted in a request; start again"):
        network.platform_sockets.stream()


def test_a_killed_holder_is_reported(network: PrivateNetwork) -> None:
    """After kill -9 of the holder, the next request says so, instead of hanging."""
    ended = os.pidfd_open(network.holder_pid)
    os.kill(network.holder_pid, signal.SIGKILL)
    wait_for(ended)
    with pytest.raises(NamespacesUnavailable, match="killed by signal 9"):
        network.add_modem("too-late")


@pytest.mark.usefixtures("network")
def test_a_stopped_holder_meets_a_deadline() -> None:
    """A holder that does not answer is given up on after the deadline."""
    with PrivateNetwork.create(request_timeout_s=0.05) as network:
        os.kill(network.holder_pid, signal.SIGSTOP)
        with pytest.raises(NamespacesUnavailable, match=r"did not answer in 0\.05 s"):
            network.add_modem("too-late")


PARENT = """
import os, sys
from harness.network.private import PrivateNetwork
network = PrivateNetwork.create(["a"])
if "fork" in sys.argv and os.fork() == 0:
    sys.stdin.read()  # a child that keeps our end of the socket open
    os._exit(0)
print(network.holder_pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("way", ["alone", "fork"])
def test_namespaces_vanish_with_the_parent(way: str) -> None:
    """After kill -9 of the process that made it, the holder ends, also when a child lives on."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, way], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        ended = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        wait_for(ended)


def test_an_ordinary_user_has_private_networks_too() -> None:
    """Without any privilege, the same network and capture come from a user namespace."""
    if os.geteuid() != 0:
        pytest.skip("the whole suite runs as an ordinary user already")
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv (util-linux) is missing")
    # by way of env(1): setpriv still has its capabilities when it starts what it is given
    drop = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env"]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
    python = next((p for p in (sys.executable, "/usr/bin/python3") if usable(drop, p)), None)
    if python is None:
        pytest.skip("no Python 3.11+ that another user may run and read this source with")
    blocked = run([*drop, "unshare", "-Urn", "true"], environment)
    if blocked.returncode != 0:
        pytest.skip(f"unprivileged user namespaces are not allowed here: {blocked.stderr}")
    # a directory that others can enter: pytest's own is for its user only
    with_capture = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import tempfile
from pathlib import Path
from harness.network.private import PrivateNetwork
from tests.network.talk import PLATFORM, exchange
with (
    tempfile.TemporaryDirectory() as directory,
    PrivateNetwork.create(["a"]) as network,
    network.platform_sockets.listener(*PLATFORM) as listener,
    network.capture(Path(directory) / "x.pcap") as capture,
):
    exchange(listener, network.modem_sockets("a"))
    seen = any(packet.info.startswith("POST") for packet in capture.packets())
print(network.right, seen)
"""
    done = run([*drop, python, "-c", with_capture], environment)
    assert (done.stdout, done.stderr) == ("user namespace True\n", "")


def usable(drop: list[str], python: str) -> bool:
    """May that user run this interpreter, and import the harness with it?"""
    probe = "import sys, harness.network.private; sys.exit(sys.version_info < (3, 11))"
    done = run([*drop, python, "-c", probe], {"PYTHONPATH": str(ROOT), "PATH": os.defpath})
    return done.returncode == 0


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run to the end, at most 30 s."""
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, cwd="/", check=False
    )


def wait_for(process: int) -> None:
    """Wait for the end of the process behind a pidfd, and close that."""
    poll = select.poll()
    poll.register(process, select.POLLIN)
    ended = poll.poll(10_000)
    os.close(process)
    assert ended, "the process is still there after 10 s"
