"""A virtual modem: what others use. Every method may be called from any thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from harness.clock import NO_WORK, ScenarioClock, WorkCounter
from harness.errors import HilError, UsageError
from harness.evidence.timeline import Recorder
from harness.network.loop import LoopThread
from harness.virtual_modem import quirks
from harness.virtual_modem.core import Core
from harness.virtual_modem.families import FAMILIES
from harness.virtual_modem.faults import LineFault
from harness.virtual_modem.identity import ModemIdentity, Subscription
from harness.virtual_modem.lines import LineState
from harness.virtual_modem.messages import SentSms
from harness.virtual_modem.network import ModemNetwork
from harness.virtual_modem.settings import ModemSettings
from harness.virtual_modem.work import Power


@dataclass(frozen=True, slots=True)
class ModemState:
    """``state`` is ``off``, ``booting`` or ``ready``; apn and pdp are None without a context."""

    state: str
    registered: bool
    apn: str | None
    pdp: str | None
    reason: str


class VirtualModem:
    """One modem with its SIM, on a PTY (or UART) of its own.

    Raises :class:`UsageError` for an unknown family or model, :class:`RigError` from
    :meth:`start` when the port cannot be had.
    """

    def __init__(
        self,
        name: str,
        family: str = "quectel-bg",
        *,
        clock: ScenarioClock,
        recorder: Recorder,
        loop: LoopThread,
        identity: ModemIdentity | None = None,
        subscription: Subscription | None = None,
        network: ModemNetwork | None = None,
        work: WorkCounter = NO_WORK,
        settings: ModemSettings | None = None,
    ) -> None:
        if family not in FAMILIES:
            raise UsageError(f"no modem family {family!r} (known: {', '.join(FAMILIES)})")
        identity = identity or ModemIdentity()
        if identity.model is not None and identity.model not in FAMILIES[family].models:
            known = ", ".join(FAMILIES[family].models)
            raise UsageError(f"no model {identity.model!r} in {family} (known: {known})")
        self.name = name
        self.settings = settings or ModemSettings()
        self._loop = loop
        self._recorder = recorder
        self._listeners: list[Callable[[ModemState], object]] = []
        self._state = ModemState("off", False, None, None, "made")
        self._core = loop.call(
            lambda: Core(
                name, FAMILIES[family], identity, subscription or Subscription(), self.settings,
                clock, recorder, network or ModemNetwork(), work, loop.loop, self._changed,
            )
        )  # fmt: skip

    @property
    def path(self) -> str:
        """The port to open: the symlink when there is one."""
        return self._core.line.path

    @property
    def state(self) -> ModemState:
        return self._state

    @property
    def troubles(self) -> tuple[HilError, ...]:
        """What broke behind the antenna that is neither the modem's nor its peer's doing."""
        return tuple(self._core.network.troubles)

    @property
    def unknown_commands(self) -> tuple[str, ...]:
        """Commands answered with an error because this modem does not know them."""
        return tuple(self._core.unknown)

    @property
    def sent_sms(self) -> tuple[SentSms, ...]:
        return tuple(self._core.messages.sent)

    def on_state(self, listener: Callable[[ModemState], object]) -> None:
        """Call ``listener`` with each new state, on the loop's thread: it must not block."""
        self._listeners.append(listener)

    def start(self) -> str:
        """Open the line, power on unless the settings say otherwise; the path to open."""
        self.plug()
        if self.settings.power_on:
            self.power(True)
        return self.path

    def close(self) -> None:
        """Power off and close the line; a symlink is removed. Safe to call twice."""

        def close() -> None:
            self._core.switch_off("closed")
            self._core.line.close()

        self._loop.call(close)

    def plug(self) -> str:
        """Open the line (again); without a symlink its path is a new one."""
        return self._loop.call(self._core.line.open)

    def unplug(self) -> None:
        """The cable is pulled: the host sees the line hang up; the modem stays powered."""
        self._loop.call(self._core.line.close)

    @property
    def line_lost(self) -> str | None:
        """Why the port of a real UART went away by itself; :meth:`plug` opens it again."""
        return self._core.line.lost

    @property
    def lines(self) -> LineState:
        """The control lines as they are now."""
        return self._core.line.lines.state

    @property
    def rings(self) -> int:
        """How many pulses RI has given since somebody looks (:meth:`on_lines`)."""
        return self._core.line.lines.rings

    @property
    def has_pins(self) -> bool:
        """Whether the lines are those of a real UART, and not only this object's."""
        return self._core.line.has_pins

    def set_dtr(self, level: bool) -> None:
        """The host asserts DTR (True) or lets it go: what a PTY cannot carry."""
        self._loop.call(lambda: self._core.line.lines.host(dtr=level))

    def set_rts(self, level: bool) -> None:
        """The host asserts RTS (True) or lets it go; it stops the modem with AT+IFC=2."""
        self._loop.call(lambda: self._core.line.lines.host(rts=level))

    def on_lines(self, listener: Callable[[LineState], object]) -> None:
        """Call ``listener`` with each change of a line, on the loop's thread: it must not block.

        From then on RI is worked, and the lines are on the timeline.
        """

        def listen() -> None:
            quirks.levels(self._core)
            self._core.line.lines.listen(listener)

        self._loop.call(listen)

    def power(self, on: bool) -> None:
        """Press PWRKEY: boot, or an orderly shutdown. Returns before the boot is over."""
        if on:
            self._loop.call(self._core.switch_on)
        else:
            core = self._core
            self._loop.call(lambda: core.switch_off("PWRKEY", core.family.power_down))

    def cut_power(self) -> None:
        """The supply is gone in an instant."""
        self._loop.call(lambda: self._core.switch_off("power cut"))

    def coverage(self, covered: bool) -> None:
        """Take the network away, or give it back."""

        def change() -> None:
            self._core.covered = covered
            if self._core.power is Power.READY:
                self._core.radio.update()

        self._loop.call(change)

    def deliver_sms(self, sender: str, text: str, when: datetime) -> bool:
        """True when the modem is registered and stored or forwarded it; False: unreachable.

        ``when`` is aware; the time stamp shows it in the network's zone.
        """

        def deliver() -> bool:
            core = self._core
            reachable = core.power is Power.READY and core.radio.registered
            return reachable and core.subscription.sms and core.messages.deliver(sender, text, when)

        return self._loop.call(deliver)

    def inject(self, fault: LineFault) -> None:
        """Have a fault strike at its next occasion."""
        self._loop.call(lambda: quirks.inject(self._core, fault))

    def _changed(self, reason: str) -> None:
        core = self._core
        active = core.radio.active()
        self._state = ModemState(
            core.power.value, core.radio.registered, active and active[0], active and active[1],
            reason,
        )  # fmt: skip
        self._recorder.record(f"modem:{self.name}", "modem.state", **asdict(self._state))
        for listener in tuple(self._listeners):
            listener(self._state)
