"""The modem between its line and its network: power, command lines, results, unsolicited codes.

Runs on the loop's thread only. Commands come from the family's table; what they share is here.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from harness.at.commandline import (
    CommandLineReader,
    Echo,
    Line,
    Overlong,
    Payload,
    PayloadAborted,
)
from harness.at.commandparse import Command, CommandSyntaxError, Kind, parse_body
from harness.clock import ScenarioClock, WorkCounter
from harness.evidence.timeline import Recorder
from harness.virtual_modem import quirks
from harness.virtual_modem.family import Family, Model
from harness.virtual_modem.faults import FaultKind, Place
from harness.virtual_modem.http_client import HttpClient
from harness.virtual_modem.identity import ModemIdentity, Subscription
from harness.virtual_modem.line_end import LineEnd
from harness.virtual_modem.listening import Haste
from harness.virtual_modem.messages import Messages
from harness.virtual_modem.network import ModemNetwork
from harness.virtual_modem.profile import Profile, recall
from harness.virtual_modem.radio import Radio
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.rtc import Rtc
from harness.virtual_modem.settings import ModemSettings
from harness.virtual_modem.socket_pool import SocketPool
from harness.virtual_modem.table import Info, Reply
from harness.virtual_modem.work import Power, WorkInHand

Part = TypeVar("Part")
_MARKED = 1_048_576  #: bytes of a payload that ends with a mark
_KEPT = 1000  #: unknown commands and waiting codes that are remembered
_NUMERIC = {"OK": 0, "CONNECT": 1, "NO CARRIER": 3, "ERROR": 4}


class Core(WorkInHand):
    """One modem's state and services for its commands."""

    def __init__(
        self,
        name: str,
        family: Family,
        identity: ModemIdentity,
        subscription: Subscription,
        settings: ModemSettings,
        clock: ScenarioClock,
        recorder: Recorder,
        network: ModemNetwork,
        work: WorkCounter,
        loop: asyncio.AbstractEventLoop,
        on_state: Callable[[str], object],
    ) -> None:
        super().__init__(name, work, loop)
        self.family: Family = family
        self.identity: ModemIdentity = identity
        self.subscription = subscription
        self.settings = settings
        self.recorder = recorder
        self.network = network
        self.power = Power.OFF
        self.unknown: deque[str] = deque(maxlen=_KEPT)
        self.stored = Profile(echo=family.echo)
        self.kept: dict[str, str] = {}
        self.rtc = Rtc(clock, settings.zone, family.epoch, utc=family.clock_shows_utc)
        self.line = LineEnd(
            name, loop, recorder, work, self._arrived,
            lambda state: quirks.host_lines(self, state), settings,
        )  # fmt: skip
        self.messages = Messages(self)
        self.on_state = on_state
        self.covered = True
        self._silent_until: asyncio.TimerHandle | None = None
        self._reset()

    def _reset(self) -> None:
        self.reader = CommandLineReader(crlf=self.family.crlf)
        self.values: dict[str, str] = {}
        self.verbose, self.quiet, self.cmee = True, False, 0
        self.basic: dict[str, int] = {}
        settings = self.settings
        factory = 0 if settings.autobaud else settings.baud
        self.baud = factory if self.stored.baud is None else self.stored.baud
        self.apply_baud()
        quirks.powered(self)
        self._haste = Haste.of(settings, self.line.missed)
        self.radio = Radio(self)
        recall(self, self.stored)
        self.sockets = SocketPool(self)
        self.http = HttpClient(self)
        self._parts: dict[type, object] = {}
        self._busy = False
        self._closing = "OK"
        self._owed = 0
        self._payload: asyncio.Future[bytes | None] | None = None
        self._urcs: deque[str] = deque(maxlen=_KEPT)
        self._after_final: list[Callable[[], object]] = []

    @property
    def model_name(self) -> str:
        return self.family.model(self.identity.model)

    @property
    def model(self) -> Model:
        return self.family.models[self.model_name]

    def part(self, kind: type[Part]) -> Part:
        """What a family's commands keep until power goes, made when it is first asked for."""
        found = self._parts.get(kind)
        if not isinstance(found, kind):
            found = self._parts[kind] = kind()
        return found

    # power ------------------------------------------------------------------------------------

    def switch_on(self, reason: str = "power on") -> None:
        if self.power is not Power.OFF:
            return
        self._reset()
        self.power = Power.BOOTING
        self.on_state(reason)
        self.after(self.settings.boot_s, self._booted)

    def switch_off(self, reason: str = "power off", announce: str | None = None) -> None:
        """Off, after an announcement when it is orderly."""
        if self.power is Power.OFF:
            return
        if announce and self.power is Power.READY:
            self._urcs.append(announce)
            self._flush_urcs()
        else:
            self.line.cut()
        self.line.take_all()
        self.power = Power.OFF
        self.drop_work()
        self.sockets.close_all()
        self.http.close()
        self.messages.switched_off()
        self.radio.switched_off()
        self.rtc.reset()
        self.line.processed(self._owed)
        self._owed = 0
        quirks.levels(self)
        self.on_state(reason)

    def restart(self, reason: str) -> None:
        self.switch_off(reason)
        self.switch_on(reason)

    def _booted(self) -> None:
        self.power = Power.READY
        quirks.booted(self)
        for urc in self.family.boot_urcs(self):
            self.urc(urc)
        self.on_state("booted")
        self.radio.update()
        quirks.announced(self)

    # work -----------------------------------------------------------------------------------------

    def failed(self, error: BaseException) -> None:
        self._defect(error)
        self._pump()

    def _defect(self, error: BaseException) -> None:
        self.recorder.record(f"modem:{self.name}", "note", text=f"modem defect: {error!r}")
        if self._busy:
            self.result("ERROR")

    # the line ---------------------------------------------------------------------------------

    def silence(self, seconds: float) -> None:
        if self._silent_until is not None:
            self._silent_until.cancel()
        self._silent_until = self.loop.call_later(seconds, self._speak_again)

    def _speak_again(self) -> None:
        self._silent_until = None

    def _arrived(self, data: bytes, raw: int) -> None:
        if fault := self.line.take(FaultKind.SILENCE):
            self.silence(fault.seconds)
        if self.power is not Power.READY or self._silent_until is not None:
            self.line.processed(raw)
            return
        if self._haste is not None and not self.reader.expecting_payload:
            data = self._haste.hear(data, self._busy)
        self.line.brake.waiting(self.reader.pending + len(data))
        room = max(0, self.line.brake.room - self.reader.pending)
        if len(data) > room:
            self.line.overflow(len(data) - room)
            data = data[:room]
        self._owed += raw
        self.reader.receive(data)
        self._pump()

    def _pump(self) -> None:
        while self.power is Power.READY and (not self._busy or self.reader.expecting_payload):
            event = self.reader.next_event()
            if event is None:
                break
            self.line.brake.waiting(self.reader.pending)
            match event:
                case Echo(data):
                    self.send(data)
                case Line(body):
                    self._begin_line(body)
                case Overlong():
                    self.result("ERROR")
                case Payload(data):
                    self._payload_came(data)
                case PayloadAborted():
                    self._payload_came(None)
        if not self._busy or self.reader.expecting_payload:
            owed, self._owed = self._owed, 0
            self.line.processed(owed)

    def send(self, data: bytes) -> None:
        if self._silent_until is None and self.power is Power.READY:
            self.line.write(data)

    def apply_baud(self) -> None:
        self.line.set_rate(self.baud)

    # command lines ----------------------------------------------------------------------------

    def _begin_line(self, body: str) -> None:
        if self.line.take(FaultKind.BROWN_OUT):
            self.restart("brown-out")
            return
        self._busy = True
        if late := self.line.take(FaultKind.LATE):
            self.after(late.seconds, lambda: self._take_up(body, late=True))
        else:
            self._take_up(body)

    def _take_up(self, body: str, *, late: bool = False) -> None:
        quirks.interrupt(self, Place.AFTER_ECHO)
        try:
            commands = parse_body(body)
        except CommandSyntaxError:
            self._note_unknown(body)
            self.result(AtError().result(self.cmee, self.family.errors))
        else:
            self._continue(deque(commands))
        if late:
            self._pump()

    def _continue(self, commands: deque[Command]) -> None:
        while commands:
            command = commands.popleft()
            self._closing = "OK"
            try:
                reply = self._dispatch(command)
            except (AtError, Unknown) as error:
                self._failed(command, error)
                return
            except Exception as error:  # a defect of a handler must not stop the modem
                self._defect(error)
                return
            delay = self._response_time(command.name)
            if delay or inspect.iscoroutine(reply):
                self.spawn(self._finish_later(command, reply, delay, commands), reply)
                return
            self.information(reply)  # type: ignore[arg-type]  # no coroutine, so information
        self.result(self._closing)

    def _dispatch(self, command: Command) -> Reply:
        entry = self.family.commands.get(command.name)
        if entry is None:
            raise Unknown
        return entry.handler(command.kind)(self, command)

    def _response_time(self, name: str) -> float:
        usual = 0.0
        if self.settings.response_times == "typical":
            usual = self.family.response_times.get(name, self.family.response_time).typical_s
        return self.settings.response_s.get(name, usual)

    async def _finish_later(
        self, command: Command, reply: Reply, delay: float, rest: deque[Command]
    ) -> None:
        """The command takes effect, and its answer comes later."""
        try:
            info = await reply if inspect.iscoroutine(reply) else reply
            if delay:
                with self.held():
                    await asyncio.sleep(delay)
        except (AtError, Unknown) as error:
            self._failed(command, error)
        else:
            self.information(info)  # type: ignore[arg-type]  # awaited where it was a coroutine
            self._continue(rest)
        self._pump()

    def _failed(self, command: Command, error: AtError | Unknown) -> None:
        if isinstance(error, Unknown):
            self._note_unknown(str(command))
            error = AtError(100 if command.kind is not Kind.RUN or len(command.name) > 2 else None)
        self.result(error.result(self.cmee, self.family.errors))

    def _note_unknown(self, command: str) -> None:
        self.unknown.append(f"AT{command}")
        self.recorder.record(f"modem:{self.name}", "modem.unknown", command=f"AT{command}")

    def information(self, lines: Info) -> None:
        if lines:
            lines = quirks.interleave(self, lines)
            start = "\r\n" if self.verbose else ""
            between = "\r\n" + start if self.family.repeats_crlf else "\r\n"
            self.send((start + between.join(lines) + "\r\n").encode("latin-1", "replace"))

    def result(self, text: str) -> None:
        """The final result of a line, "" for none; held codes follow it."""
        quirks.interrupt(self, Place.BEFORE_FINAL)
        if self.line.lines.watched:
            quirks.levels(self)
        if self.quiet or not text:
            pass
        elif self.verbose:
            self.send(f"\r\n{text}\r\n".encode("latin-1"))
        else:
            self.send(f"{_NUMERIC.get(text, text)}\r".encode("latin-1"))
        self._busy = False
        if self._haste is not None:
            self._haste.final()
        actions, self._after_final = self._after_final, []
        for action in actions:
            action()
        self._flush_urcs()

    def without_final(self) -> None:
        """The command that runs has no result, if it is the last of its line."""
        self._closing = ""

    def after_final(self, action: Callable[[], object]) -> None:
        self._after_final.append(action)

    def urc(self, text: str) -> None:
        """An unsolicited code; it waits while a command is being executed."""
        if self.power is Power.READY:
            self._urcs.append(text)
            if not self._busy:
                self._flush_urcs()

    def _flush_urcs(self) -> None:
        while self._urcs and not self._busy:
            text = self._urcs.popleft()
            if self.line.lines.watched:
                quirks.ring(self, text)
            self.send(quirks.code(text))

    async def ask(
        self,
        prompt: str,
        count: int | None,
        *,
        timeout_s: float,
        echo: bool = False,
        mark: bytes | None = None,
    ) -> bytes | None:
        """Prompt for payload: ``count`` bytes, text up to Ctrl-Z, or bytes up to ``mark``.

        None: given up or too late.
        """
        if self.settings.prompt_delay_s:
            with self.held():
                await asyncio.sleep(self.settings.prompt_delay_s)
        if mark is not None:
            self.reader.expect_mark(mark, _MARKED)
        elif count is None:
            self.reader.expect_text(echo=echo)
        else:
            self.reader.expect_bytes(count, echo=echo)
        self._payload = self.loop.create_future()
        self.send(prompt.encode("latin-1"))
        quirks.interrupt(self, Place.AT_PROMPT)
        self._pump()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._payload
        except TimeoutError:
            self.reader.expect_command()
            return None

    def give_up_payload(self) -> None:
        """Back to commands: what the prompt asked for is not waited for any more."""
        if self.reader.expecting_payload:
            self.reader.expect_command()
            self._payload_came(None)

    def _payload_came(self, data: bytes | None) -> None:
        if self._payload is not None and not self._payload.done():
            self._payload.set_result(data)

    def notify_modes(self) -> list[int]:
        """The five numbers of +CNMI."""
        return [int(value) for value in self.values.get("+CNMI", "2,1,0,0,0").split(",")]
