"""A BG95 as far as the reference device needs one, on a real PTY, byte-exact (Quectel manuals)."""

from __future__ import annotations

import os
import re
import select
import socket
import threading
import tty
from collections.abc import Callable

_SETTINGS = re.compile(r"AT(\+CMEE=1|\+CMGF=[01]|\+CNMI=2,1,0,0,0|\+CFUN=1|\+QIDEACT=1)?")


class ScriptedModem:
    """One thread owns the PTY and the TCP socket; other threads only call ``tell`` and ``sms``."""

    def __init__(self, platform_port: int, apn: str) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave  # kept open, so that the device may come and go
        self._platform_port, self._apn = platform_port, apn
        self.commands: list[str] = []
        self.changed = threading.Condition()
        self.store: dict[int, tuple[str, str, bytes]] = {}  # index: sender, text, pdu
        self.registered = "1"
        self.sim = "READY"
        self.clock = "80/01/06,00:00:12+00"
        self.mute = False
        self.one_byte_at_a_time = False
        self._orders: list[Callable[[], None]] = []
        self._wake_read, self._wake_write = os.pipe()
        self._input = b""
        self._socket: socket.socket | None = None
        self._received = b""
        self._announced = False
        self._sending = 0
        self.served = 0  # bytes that +QIRD has handed out
        self._reset_state()
        self._alive = True
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _reset_state(self) -> None:
        self.echo, self.radio, self.active = True, True, False
        self._asked_apn = ""
        self._sending = 0
        self._input = b""
        self._drop_socket()

    # -- for the tests' thread ---------------------------------------------------------------

    def tell(self, order: Callable[[], None]) -> None:
        """Run ``order`` on the modem's thread."""
        self._orders.append(order)
        os.write(self._wake_write, b"!")

    def wait(self, condition: Callable[[], bool], timeout: float = 15.0) -> bool:
        """Wait until ``condition`` holds; it is checked after every command."""
        with self.changed:
            return self.changed.wait_for(condition, timeout)

    def brown_out(self) -> None:
        """Restart by accident: sockets, context and echo setting are lost."""
        self.tell(self._boot)

    def unplug(self) -> None:
        """Take the serial port away."""
        self.close()

    def deliver(self, index: int, sender: str, text: str, pdu: bytes) -> bool:
        """Deliver an SMS with +CMTI; False when the radio is off."""
        if not (self.radio and self.active):
            return False
        self.store[index] = (sender, text, pdu)
        self.tell(lambda: self.say(f'+CMTI: "ME",{index}'))
        return True

    def close(self) -> None:
        """Stop the thread and close everything; may be called twice."""
        if not self._alive:
            return
        self._alive = False
        os.write(self._wake_write, b"!")
        self._thread.join(10)
        self._drop_socket()
        for descriptor in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(descriptor)

    # -- the modem's thread ------------------------------------------------------------------

    def _run(self) -> None:
        while self._alive:
            watched = [self._master, self._wake_read]
            if self._socket is not None and not self._ended:
                watched.append(self._socket.fileno())
            ready = select.select(watched, [], [], 5.0)[0]
            if self._wake_read in ready:
                os.read(self._wake_read, 64)
                while self._orders:
                    self._orders.pop(0)()
            if self._master in ready:
                self._take(os.read(self._master, 4096))
            if self._socket is not None and self._socket.fileno() in ready:
                self._from_network()

    def _boot(self) -> None:
        self._reset_state()
        for line in ("RDY", "APP RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"):
            self.say(line)

    def write(self, data: bytes) -> None:
        step = 1 if self.one_byte_at_a_time else len(data) or 1
        for start in range(0, len(data), step):
            os.write(self._master, data[start : start + step])

    def say(self, *lines: str) -> None:
        self.write(b"".join(b"\r\n" + line.encode("latin-1") + b"\r\n" for line in lines))

    def _take(self, data: bytes) -> None:
        self._input += data
        while True:
            if self._sending:
                if len(self._input) < self._sending:
                    return
                payload, self._input = self._input[: self._sending], self._input[self._sending :]
                self._sending = 0
                self._send(payload)
                continue
            line, separator, rest = self._input.partition(b"\r")
            if not separator:
                return
            self._input = rest.removeprefix(b"\n")
            command = line.decode("latin-1").strip("\n")
            if self.echo:
                self.write(line + b"\r")
            with self.changed:
                self.commands.append(command)
                if not self.mute:
                    self._obey(command)
                self.changed.notify_all()

    def _obey(self, command: str) -> None:
        if command == "ATE0":
            self.echo = False
            self.say("OK")
        elif _SETTINGS.fullmatch(command):
            if command == "AT+CFUN=1":
                self.radio = True
            if command == "AT+QIDEACT=1":
                self.active = False
                self._drop_socket()
            self.say("OK")
        elif command == "AT+CFUN?":
            self.say(f"+CFUN: {int(self.radio)}", "OK")
        elif command == "AT+CFUN=0":
            self.radio = self.active = False
            self._drop_socket()
            self.say("OK")
        elif command == "AT+CFUN=1,1":
            self.say("OK")
            self._boot()
        elif command == "AT+CPIN?":
            self.say(*((self.sim,) if "ERROR" in self.sim else (f"+CPIN: {self.sim}", "OK")))
        elif command == "AT+CEREG?":
            self.say(f"+CEREG: 0,{self.registered}", "OK")
        elif command == "AT+CGREG?":
            self.say("+CGREG: 0,0", "OK")
        elif command == "AT+CCLK?":
            self.say(f'+CCLK: "{self.clock}"', "OK")
        elif match := re.fullmatch(r'AT\+QICSGP=1,1,"([^"]*)","","",0', command):
            self._asked_apn = match[1]
            self.say("OK")
        elif command == "AT+QIACT=1":
            self.active = self._asked_apn == self._apn and not self.active
            self.say("OK" if self.active else "ERROR")
        elif command == "AT+QIACT?":
            self.say(*(['+QIACT: 1,1,1,"10.1.2.3"'] if self.active else []), "OK")
        else:
            if not (self._obey_socket(command) or self._obey_sms(command)):
                self.say("ERROR")

    def _obey_socket(self, command: str) -> bool:
        if match := re.fullmatch(r'AT\+QIOPEN=1,0,"TCP","([^"]+)",(\d+),0,0', command):
            self._connect(match[1], int(match[2]))
        elif match := re.fullmatch(r"AT\+QISEND=0,(\d+)", command):
            if self._socket is None:
                self.say("ERROR")
            else:
                self._sending = int(match[1])
                self.write(b"\r\n> ")
        elif match := re.fullmatch(r"AT\+QIRD=0,(\d+)", command):
            data, self._received = self._received[: int(match[1])], self._received[int(match[1]) :]
            self.served += len(data)
            self._announced = bool(data)
            if data:
                self.write(b"\r\n+QIRD: %d\r\n%s\r\n\r\nOK\r\n" % (len(data), data))
            else:
                self.say("+QIRD: 0", "OK")
        elif command == "AT+QICLOSE=0":
            self._drop_socket()
            self.say("OK")
        elif command.startswith("AT+QIDNSGIP="):
            self.say("OK", '+QIURC: "dnsgip",565')
        else:
            return False
        return True

    def _obey_sms(self, command: str) -> bool:
        if command == 'AT+CPMS="ME"':
            self.say("+CPMS: 0,255,0,255,0,255", "OK")
        elif command in ("AT+CMGL=4", 'AT+CMGL="ALL"'):
            for index in self.store:
                header, data = self._sms(index, "=4" in command)
                self.write(f"\r\n+CMGL: {index},{header}\r\n{data}".encode())
            self.write(b"\r\n")
            self.say("OK")
        elif match := re.fullmatch(r"AT\+CMG([RD])=(\d+)", command):
            index = int(match[2])
            if index not in self.store:
                self.say("+CMS ERROR: 321")
            elif match[1] == "D":
                del self.store[index]
                self.say("OK")
            else:
                pdu_mode = "AT+CMGF=1" not in self.commands
                header, data = self._sms(index, pdu_mode)
                self.write(f"\r\n+CMGR: {header}\r\n{data}\r\n\r\nOK\r\n".encode())
        else:
            return False
        return True

    def _sms(self, index: int, pdu_mode: bool) -> tuple[str, str]:
        sender, text, pdu = self.store[index]
        if pdu_mode:
            return f"0,,{len(pdu) - 1 - pdu[0]}", pdu.hex().upper()
        return f'"REC UNREAD","{sender}",,"26/11/20,12:00:00+04"', text

    # -- network -----------------------------------------------------------------------------

    def _connect(self, host: str, port: int) -> None:
        self.say("OK")
        if not self.active:
            self.say("+QIOPEN: 0,561")
        elif self._socket is not None:
            self.say("+QIOPEN: 0,563")
        elif (host, port) != ("10.151.236.157", 80):
            self.say("+QIOPEN: 0,565")
        else:
            try:
                self._socket = socket.create_connection(("127.0.0.1", self._platform_port), 5)
                self.say("+QIOPEN: 0,0")
            except OSError:
                self.say("+QIOPEN: 0,566")

    def _send(self, payload: bytes) -> None:
        try:
            assert self._socket is not None
            self._socket.sendall(payload)
            self.say("SEND OK")
        except OSError:
            self.say("SEND FAIL")

    def _from_network(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._ended = True
            self.say('+QIURC: "closed",0')
            return
        self._received += data
        if not self._announced:
            self._announced = True
            self.say('+QIURC: "recv",0')

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._received = None, b""
        self._announced = self._ended = False
