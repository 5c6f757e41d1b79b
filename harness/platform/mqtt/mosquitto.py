"""mosquitto as a program of our own, with a configuration made for it (mosquitto.conf(5))."""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from harness.clock import Deadline, pause
from harness.leash import leashed
from harness.network.loop import LoopThread
from harness.network.sockets import AddressUnavailable, SocketFactory, explain_bind
from harness.platform.mqtt.broker import Accounts
from harness.platform.mqtt.errors import BrokerUnavailable, MqttMissing

_PATIENCE_S = 10.0
_ITERATIONS = 101
_LOOK_S = 0.2


def mosquitto() -> str | None:
    """Where the program is; Debian puts it where ordinary users do not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def password_line(username: str, password: str) -> str:
    """As mosquitto_passwd(1) writes it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"{username}:$7${_ITERATIONS}${'$'.join(parts)}\n"


def _held(host: str, port: int) -> socket.socket:
    """A socket that keeps the port for a program which is going to listen there.

    Nobody gets it meanwhile who asks for any port; a server that names it does (Linux: both with
    SO_REUSEADDR, and this one does not listen). Raises :class:`AddressUnavailable`.
    """
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host, port))
    except OSError as error:
        held.close()
        raise AddressUnavailable(explain_bind(host, port, error)) from error
    return held


class Mosquitto:
    """Runs until :meth:`close`; the kernel ends it when this process is gone."""

    def __init__(self, accounts: Accounts, address: tuple[str, int]) -> None:
        self.address = address
        self._accounts = accounts
        self._folder = tempfile.TemporaryDirectory(prefix="hil-mqtt-")
        self._passwords = Path(self._folder.name) / "passwords"
        self._generation = accounts.registry.generation
        self._over = threading.Event()
        self._process = self._run()
        self._watch = threading.Thread(target=self._follow, name="hil-mosquitto", daemon=True)
        self._watch.start()

    @classmethod
    def start(
        cls,
        accounts: Accounts,
        sockets: SocketFactory,
        loop: LoopThread,
        host: str,
        port: int,
    ) -> Mosquitto:
        """Start it and wait until it listens.

        Raises :class:`~harness.network.sockets.AddressUnavailable` and
        :class:`BrokerUnavailable`.
        """
        del loop, sockets  # it is a program of this machine, whatever network others are in
        with _held(host, port) as held:
            broker = cls(accounts, held.getsockname()[:2])
            try:
                broker._await_listening()
            except BaseException:
                broker.close()
                raise
            return broker

    @property
    def words(self) -> str:
        return "mosquitto, started by the bench"

    def _run(self) -> subprocess.Popen[bytes]:
        program = mosquitto()
        if program is None:
            raise MqttMissing("the program mosquitto is not installed: apt install mosquitto")
        host, port = self.address
        self._write_passwords()
        anonymous = self._accounts.settings.credentials == "none"
        # With a file of passwords, a user who is not in it is refused even where nobody has to be.
        who = "allow_anonymous true" if anonymous else f"password_file {self._passwords}"
        configuration = Path(self._folder.name) / "mosquitto.conf"
        configuration.write_text(
            f"listener {port} {host}\n"
            f"{who}\n"
            "persistence false\n"
            "log_dest stderr\n"
            "log_type error\n"
            "log_type warning\n"
            f"user {pwd.getpwuid(os.geteuid()).pw_name}\n"
        )
        with (Path(self._folder.name) / "log").open("wb") as log:
            return subprocess.Popen(
                leashed([program, "-c", str(configuration)]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def _write_passwords(self) -> None:
        lines = [password_line(*account) for account in self._accounts.all().items()]
        draft = self._passwords.with_suffix(".part")
        draft.touch(0o600)
        draft.write_text("".join(lines))
        draft.replace(self._passwords)

    def _await_listening(self) -> None:
        deadline = Deadline.after(_PATIENCE_S)
        while not deadline.expired and self._process.poll() is None:
            try:
                socket.create_connection(self.address, timeout=deadline.left()).close()
            except OSError:
                pause(0.01)  # mosquitto tells nobody that it listens
            else:
                return
        said = (Path(self._folder.name) / "log").read_text(errors="replace").strip()
        raise BrokerUnavailable(f"mosquitto does not come up: {said or 'it says nothing'}")

    def _follow(self) -> None:
        """Hand on changed secrets (mosquitto reads its passwords again at SIGHUP)."""
        registry = self._accounts.registry
        while not self._over.wait(_LOOK_S):
            if registry.generation != self._generation:
                self._generation = registry.generation
                self._write_passwords()
                self._process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        """End it. Safe to call twice."""
        self._over.set()
        if self._watch.is_alive():
            self._watch.join(_PATIENCE_S)
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()
