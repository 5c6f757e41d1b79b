"""Kannel: an SMS gateway with a modem of every family as its link to the network."""

from __future__ import annotations

import http.server
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from harness.clock import Deadline, pause
from harness.virtual_modem import FAMILIES
from tests.clients.conftest import Make
from tests.clients.modems import STORING, Modem
from tests.clients.running import needs
from tests.ports import reserved_port

pytestmark = [pytest.mark.external, needs("kannel", "bearerbox", "smsbox")]
TO = "+31612345678"


class Service(http.server.ThreadingHTTPServer):
    """What the gateway hands incoming messages to; ``got``: modem, sender, text."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, str]] = []
        super().__init__(("127.0.0.1", 0), _Answer)
        self._thread = threading.Thread(target=self.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self._thread.join(10)
        self.server_close()


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        said = parse_qs(urlsplit(self.path).query)
        self.server.got.append((said["smsc"][0], said["from"][0], said["text"][0]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing on the test's standard error."""


def configuration(folder: Path, modems: dict[str, Modem], ports: list[int], service: int) -> str:
    """One gateway with all of the modems; it polls their stores."""
    admin, boxes, sending = ports
    groups = [
        f"group = core\nadmin-port = {admin}\nadmin-interface = 127.0.0.1\nsmsbox-port = {boxes}\n"
        f"smsbox-interface = 127.0.0.1\nadmin-password = x\nlog-file = {folder}/bearerbox.log\n"
        "box-allow-ip = 127.0.0.1\n",
        "group = smsbox\nbearerbox-host = 127.0.0.1\nglobal-sender = 5277\n"
        f"sendsms-port = {sending}\nsendsms-interface = 127.0.0.1\n"
        f"log-file = {folder}/smsbox.log\n",
        "group = sendsms-user\nusername = u\npassword = p\n",
        "group = sms-service\nkeyword = default\ncatch-all = true\nmax-messages = 0\n"
        f'get-url = "http://127.0.0.1:{service}/?smsc=%i&from=%p&text=%b"\n',
    ]
    for family, one in modems.items():
        of = FAMILIES[family]
        groups.append(
            f'group = modems\nid = {family}\nname = {family}\ninit-string = "AT"\n'
            f'message-storage = "{of.memory}"\nmessage-start = {of.first_index}\n'
        )
        groups.append(
            f"group = smsc\nsmsc = at\nsmsc-id = {family}\nallowed-smsc-id = {family}\n"
            f"modemtype = {family}\ndevice = {one.path}\nspeed = 115200\nsim-buffering = true\n"
        )
    return "\n".join(groups)


@contextmanager
def started(program: str, configuration: Path, port: int) -> Iterator[None]:
    """Until it listens on ``port``; ended by itself."""
    process = subprocess.Popen(
        [program, str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = Deadline.after(60)
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None
                assert not deadline.expired
                pause(0.02)
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_kannel_hands_over_what_came_and_sends(modem: Make, tmp_path: Path) -> None:
    """An SMS of each modem reaches a web service; one asked for by HTTP leaves by each modem."""
    modems = {family: modem(family) for family in STORING}
    for one in modems.values():
        one.deliver("Hello {5277}")
    service = Service()
    try:
        file = tmp_path / "kannel.conf"
        with ExitStack() as held:
            ports = [held.enter_context(reserved_port()) for _ in range(3)]
            file.write_text(configuration(tmp_path, modems, ports, service.server_port))
            held.enter_context(started("bearerbox", file, ports[1]))
            held.enter_context(started("smsbox", file, ports[2]))
            for family in modems:
                order = {"username": "u", "password": "p", "to": TO, "smsc": family, "text": "hoi"}
                asked = f"http://127.0.0.1:{ports[2]}/cgi-bin/sendsms?{urlencode(order)}"
                with urllib.request.urlopen(asked, timeout=60) as answer:
                    assert answer.status == 202
            deadline = Deadline.after(50)
            while len(service.got) < len(modems) or not all(m.sent() for m in modems.values()):
                assert not deadline.expired, (service.got, {f: m.sent() for f, m in modems.items()})
                pause(0.05)
    finally:
        service.close()
    assert sorted(service.got) == [(family, "5277", "Hello {5277}") for family in sorted(modems)]
    assert {f: m.sent() for f, m in modems.items()} == {f: [(TO, "hoi")] for f in modems}
