"""The device that the harness plays: it drives a real or virtual modem with AT commands."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime

from harness.clock import WorkCounter
from harness.errors import HilError, RigError
from harness.evidence import Recorder
from harness.line import AtTimeout, EventTimeout, PortSettings
from harness.modem import HttpOrder, Modem, open_modem
from harness.modem.errors import (
    CommandRefused,
    ModemError,
    NotRegistered,
    PdpRefused,
    SimProblem,
    SocketError,
)
from harness.modem.tls import TlsTrust
from harness.modem.values import Sms
from harness.platform.registry import Registration
from harness.rig.answer import Answer, downlink_records, read_answer
from harness.rig.dut import (
    ReceivedDownlink,
    ReceivedSms,
    Record,
    Seen,
    UplinkOrder,
    UplinkResult,
    switched_off,
)
from harness.rig.endpoints import endpoint_of
from harness.rig.models import ModemModel
from harness.rig.request import SignedUplink, build_uplink
from harness.rig.update import Offered, Update, offer_in
from harness.virtual_modem import VirtualModem

SMS_CENTRE = "5277"  # SMS-SENDER
BOOT_WITHIN_S = 30.0
PART_WITHIN_S, REAL_PART_WITHIN_S = 2.0, 40.0  # NB-IoT has round trips of ten seconds


class ModemSilent(RigError):
    """The modem gives no usable answer: power, wiring, baud rate, or not its AT port."""


class WrongIdentity(RigError):
    """The modem or SIM on the bench is not the one the rig file names."""


class NoNetwork(RigError):
    """A real modem found no network from the start: antenna, coverage, SIM, as the doctor says."""


class ScriptedDut:
    """A :class:`~harness.rig.dut.Dut` on top of a modem driver.

    It behaves as a sane device: it attaches with the APN of its SIM, sends again when there was no
    answer, never when there was one, and obeys SMS from 5277 only.
    """

    def __init__(
        self,
        registration: Registration,
        *,
        port: str,
        model: ModemModel,
        apn: str,
        recorder: Recorder,
        work: WorkCounter,
        virtual: VirtualModem | None,
        now: Callable[[], datetime],
        anchor: bytes | None = None,
        reach: str | None = None,
    ) -> None:
        """``anchor`` (PEM) is what an Internet device trusts; ``reach`` is where it connects to
        instead of the documented name, with a certificate that names this address too."""
        self.name = registration.name
        self.seen = Seen()
        self._registration = registration
        self._apn = apn
        self._recorder = recorder
        self._virtual = virtual
        self._now = now
        self._anchor = anchor
        self._reach = reach
        self._endpoint = endpoint_of(registration)
        self._trust: TlsTrust | None = None  # as the modem was told
        self._identified = False
        self._on = False
        self._attached = False
        self._connection: tuple[str, int, int] | None = None  # host, port, socket number
        self._previous_body = b""
        self._work = work
        self._update: Update | None = None
        self._updating = False  # counted: something comes without anybody's doing
        self.modem: Modem = open_modem(
            model.family,
            port,
            name=registration.name,
            recorder=recorder,
            work=work,
            settings=PortSettings(baudrate=model.baud, rtscts=model.rtscts),
        )
        if virtual is not None:  # only a real one needs a rest, and leaves bytes on their way
            self.modem.channel.gap_s, self.modem.channel.quiet_s = 0.0, 0.03

    @property
    def _source(self) -> str:
        return f"device:{self.name}"

    # Power and radio

    def power_on(self, *, attach: bool = True) -> None:
        if not self._on:
            self._recorder.record(self._source, "power", state="on", how=self._how)
            self._boot()
            self._on = True
        if attach and not self._attached:
            self._attach()

    @property
    def _how(self) -> str:
        return "supply" if self._virtual is not None else "AT+CFUN"

    def _boot(self) -> None:
        modem = self.modem
        modem.channel.urcs.clear()
        try:
            if self._virtual is None:
                modem.wait_ready(timeout_s=BOOT_WITHIN_S)
                modem.set_radio(1)
            else:
                self._virtual.power(True)
                modem.wait_booted(timeout_s=BOOT_WITHIN_S)
            modem.notify_sms()
        except (AtTimeout, HilError) as error:
            if isinstance(error, RigError | ModemError):
                raise
            raise ModemSilent(f"{self.name}: the modem does not answer: {error}") from error

    def _attach(self) -> None:
        modem = self.modem
        state = modem.sim_state()
        if "PIN" in state or "PUK" in state:  # other states pass
            raise SimProblem(
                f"{self.name}: the SIM asks for {state}, and none is ever tried; switch that off "
                'once: AT+CPIN="<pin>", then AT+CLCK="SC",0,"<pin>"'
            )
        try:
            modem.wait_registered(poll_s=2.0 if self._virtual is None else 0.02)
        except NotRegistered as error:
            if self._virtual is None and not self._identified:
                raise NoNetwork(f"{self.name}: {error}") from error
            raise
        if not self._identified:
            self._identify()
        modem.activate(self._apn)
        self._attached = True
        for message in modem.take_all_sms():
            self._take(message)
        if self._update is not None:
            self._set_updating(True)

    def _identify(self) -> None:
        """Record who answers; another modem or SIM than the rig file says is the bench's fault.

        Raises :class:`WrongIdentity`.
        """
        identity = self.modem.identify()
        self._recorder.record(self._source, "device.identity", **asdict(identity))
        for what, seen, wanted in (
            ("IMEI", identity.imei, self._registration.imei),
            ("ICCID", identity.iccid, self._registration.iccid),
        ):
            if wanted is not None and seen != wanted:
                raise WrongIdentity(
                    f"{self.name}: the rig file says {what} {wanted}, the modem says {seen}; "
                    "correct the rig file or swap the parts back"
                )
        self._record_clock("start")
        self._identified = True

    def _record_clock(self, when: str) -> None:
        """Measure the device's clock; it is never assumed."""
        try:
            skew_s = (self.modem.clock() - self._now()).total_seconds()
        except ModemError as error:
            self._recorder.record(self._source, "note", text=f"no device clock: {error}")
            return
        self._recorder.record(self._source, "clock.device", skew_s=skew_s, when=when)

    def power_off(self, *, abrupt: bool = False) -> None:
        if not self._on:
            return
        if self._virtual is None:
            self.modem.set_radio(0)
        elif abrupt:
            self._virtual.cut_power()
        else:
            self.modem.power_off()
            self._virtual.cut_power()  # some families end at AT+CFUN=0, which survives no supply
        how = "cut" if abrupt else self._how
        self._recorder.record(self._source, "power", state="off", how=how)
        self._forget_connections()
        self._on = False

    def _forget_connections(self) -> None:
        self._attached = False
        if self._update is not None:
            self._update.power_lost()
        self._set_updating(False)
        self._connection = None
        self._trust = None

    def _must_be_on(self) -> None:
        if not self._on:
            raise switched_off(self.name)

    def reset(self) -> None:
        self._must_be_on()
        self._recorder.record(self._source, "power", state="reset", how="AT+CFUN=1,1")
        self._forget_connections()
        modem = self.modem
        modem.channel.urcs.clear()
        modem.reboot()
        modem.wait_booted(timeout_s=BOOT_WITHIN_S)
        modem.notify_sms()
        self._attach()

    def radio(self, *, on: bool) -> None:
        self._must_be_on()
        self.modem.set_radio(1 if on else 4)
        state = "on" if on else "off"
        self._recorder.record(self._source, "power", state=state, how="radio")
        self._forget_connections()
        if on:
            self._attach()

    # Uplinks

    def take_secret(self, secret: str | None) -> None:
        """Sign with another secret from now on; None: send no token."""
        self._registration = replace(self._registration, secret=secret)

    def report(self, order: UplinkOrder) -> None:
        self._must_be_on()
        if self._update is not None:
            self._update.hang_up(self.modem)  # some modems have one connection at a time
        uplink = build_uplink(order, self._registration, self._previous_body)
        self._previous_body = uplink.body
        result = UplinkResult(None, "refused", 0, uplink.body)
        for attempt in range(1, max(order.tries, 1) + 1):
            result = replace(self._try(order, uplink), attempts=attempt)
            self._recorder.record(
                self._source,
                "device.uplink",
                result={"status": result.status, "error": result.error, "attempt": attempt},
                body=uplink.body,
            )
            if result.status is not None:
                break
        self.seen.results.append(result)
        self.drain()

    def _try(self, order: UplinkOrder, uplink: SignedUplink) -> UplinkResult:
        try:
            if not self._attached:
                self._attach()
            answer = self._send(order, uplink)
        except (SocketError, PdpRefused) as error:
            self._recorder.record(self._source, "note", text=str(error))
            self._connection = None
            return UplinkResult(None, "refused", body=uplink.body)
        except EventTimeout:
            self._hang_up()
            return UplinkResult(None, "timeout", body=uplink.body)
        except AtTimeout as error:
            raise ModemSilent(f"{self.name}: {error}") from error
        if answer.status is None:
            self._hang_up()
            return UplinkResult(None, "closed", body=uplink.body)
        if answer.whole and answer.body and answer.status // 100 == 2:
            self._downlink(answer.body)
        if not answer.whole:
            self._hang_up()
        return UplinkResult(answer.status, None, body=uplink.body)

    def _send(self, order: UplinkOrder, uplink: SignedUplink) -> Answer:
        tls = self._endpoint.tls
        host = self._reach if tls and self._reach else self._endpoint.host
        host, port = order.to or (host, self._endpoint.port)
        if tls:
            self._prepare_tls(TlsTrust(self._anchor if order.verify else None))
        if order.http_client:
            path = uplink.request_line.split(" ")[1]
            answer = self.modem.http_post(
                HttpOrder(host, port, path, uplink.headers, uplink.body, tls),
                response_timeout_s=max(1, round(order.response_timeout_s)),
            )
            return Answer(answer.status, answer.body, whole=True)
        if self._connection is None or self._connection[:2] != (host, port):
            self._hang_up()
            opened = self.modem.open_tls_socket if tls else self.modem.open_socket
            self._connection = (host, port, opened(host, port))
        data = self.modem.exchange(
            self._connection[2], uplink.to_bytes(), response_timeout_s=order.response_timeout_s
        )
        if not order.keep_open:
            self._hang_up()
        return read_answer(data)

    def _prepare_tls(self, trust: TlsTrust) -> None:
        """Tell the modem whom to trust, when it was told otherwise or has forgotten."""
        if trust != self._trust:
            self._hang_up()
            self.modem.prepare_tls(trust)
            self._trust = trust

    def _hang_up(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection[2], None
            with contextlib.suppress(CommandRefused):
                self.modem.close_socket(connection)

    def _downlink(self, body: bytes) -> None:
        records = downlink_records(body)
        self.seen.downlinks.append(ReceivedDownlink(records, len(body)))
        self._recorder.record(
            self._source, "device.downlink", records=[dict(record) for record in records]
        )
        offered = offer_in(records) if not self._endpoint.tls else None
        if offered is not None:
            self._take_offer(offered)

    # Firmware over the air

    def _take_offer(self, offered: Offered) -> None:
        if self._update is None or not self._update.renewed(offered):
            real = self._virtual is None
            self._update = Update(offered, REAL_PART_WITHIN_S if real else PART_WITHIN_S)
        self._set_updating(True)

    def _set_updating(self, on: bool) -> None:
        if on is not self._updating:
            self._updating = on
            (self._work.begin if on else self._work.done)(f"firmware:{self.name}")

    def _fetch_part(self) -> None:
        """One part of the firmware that is being fetched; at the end, the report."""
        update = self._update
        if update is None or not self._updating:
            return
        self._hang_up()
        try:
            progress = update.step(self.modem)
        except AtTimeout as error:
            raise ModemSilent(f"{self.name}: {error}") from error
        if progress.state == "going":
            return
        told = {name: value for name, value in asdict(progress).items() if value}
        self._recorder.record(self._source, "device.firmware", **told)
        if progress.state == "bad-part":
            return
        if progress.state == "installed":
            self._update = None
        self._set_updating(False)
        if progress.version is not None:
            self.report(UplinkOrder(records=[Record(n="firmware", vs=progress.version)]))

    # SMS

    def _take(self, message: Sms) -> None:
        obeyed = message.sender == SMS_CENTRE
        self.seen.sms.append(ReceivedSms(message.sender, message.text, obeyed))
        self._recorder.record(
            self._source, "device.sms", sender=message.sender, text=message.text, obeyed=obeyed
        )

    def drain(self, timeout_s: float = 0.0) -> None:
        self.modem.channel.pump(timeout_s=timeout_s)
        if self._on:
            for message in self.modem.new_sms():
                self._take(message)
            self._fetch_part()

    def sms_reached_modem(self, before: int) -> None:
        """Nothing to wait for: the line's bytes are counted, and drained before time moves."""

    def death(self) -> str | None:
        return None

    def exit_code(self) -> int | None:
        return None

    def close(self) -> None:
        with contextlib.suppress(HilError):
            if self._on and self._identified:
                self._hang_up()
                self._record_clock("end")
        self.modem.close()
