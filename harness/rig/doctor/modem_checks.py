"""The modem and its SIM: who they are, and what they say about themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from harness.clock import Deadline, wall
from harness.modem import Modem, recognise
from harness.modem.errors import ModemError, NotRegistered, SimProblem
from harness.rig.doctor.findings import Finding, ok, unchecked, unfit, warning
from harness.rig.doctor.settings import DoctorSettings
from harness.rig.rig import Device

#: RSSI, or LTE's RSRP, in dBm from which a signal is called so; common use, no standard says
#: (assumed). RSRP counts one resource element only, and so reads lower.
RSSI_WORDS = ((-73, "very good"), (-83, "good"), (-93, "fair"), (-103, "weak"))
RSRP_WORDS = ((-90, "very good"), (-100, "good"), (-110, "fair"), (-120, "weak"))
_STAT = {0: "not searching", 2: "searching", 3: "denied by the network", 4: "unknown",
         1: "home network", 5: "roaming"}  # fmt: skip
_NEVER_SET = 2022  # before it, a modem shows the date its clock starts from at power-up


@dataclass(slots=True)
class Subject:
    """A device under examination. What later checks build on is noted by earlier ones."""

    device: Device
    others: Sequence[Device]
    modem: Modem
    settings: DoctorSettings
    radio_was: int | None = None  # the +CFUN to go back to
    sim_ready: bool = False
    registered: bool = False
    really: str | None = None  # the other device whose modem is on this port

    def owner(self, field: str, value: str) -> str | None:
        """The device of the rig to which this IMEI or ICCID belongs."""
        return next((d.name for d in self.others if getattr(d.registration, field) == value), None)


def check_family(subject: Subject) -> Finding:
    """Is it of the family whose dialect the rig file says it speaks?"""
    modem, wanted = subject.modem, subject.device.modem.family
    maker, model = modem.line("AT+CGMI"), modem.line("AT+CGMM")
    found, seen = recognise(maker, model), f"{maker} {model}"
    if found == wanted:
        return ok("family", f"{wanted}: {seen}")
    if found == "3gpp":
        return warning("family", f"{seen}: no family claims it", f"taken for {wanted} as written")
    if wanted == "3gpp":
        return warning(
            "family", f"{seen} is a {found}", f"write family: {found} to use its sockets"
        )
    return unfit("family", f"{seen} is a {found}, the rig file says {wanted}",
                 f"write family: {found}")  # fmt: skip


def check_imei(subject: Subject) -> Finding:
    """Is it the modem of the rig file?"""
    seen = subject.modem.line(subject.modem.imei_command).strip('"')
    wanted = subject.device.registration.imei
    if seen == wanted:
        return ok("imei", seen)
    owner = subject.owner("imei", seen)
    if owner is not None:
        subject.really = owner
        return unfit(
            "imei", f"the modem of {owner} is on this port (the modem says {seen})",
            f"swap the ports of {owner} and {subject.device.name} back, or in the rig file",
        )  # fmt: skip
    if wanted is None:  # an Internet device is registered by its DvnUUID
        return ok("imei", seen)
    return unfit("imei", f"the modem says {seen}, the rig file says {wanted}",
                 "put the right modem in, or correct `imei:`")  # fmt: skip


def check_radio(subject: Subject) -> Finding:
    """On, or put on for the time of the checks: a run leaves it off (27.007 §8.2)."""
    modem, patience = subject.modem, subject.settings.ready_s
    state = modem.fields("AT+CFUN?")[0].number
    if state == 1:
        modem.wait_ready(timeout_s=patience)  # as in a run: connections need the modem's codes
        return ok("radio", "on")
    modem.set_radio(1)
    subject.radio_was = state
    modem.wait_ready(timeout_s=patience)
    return ok("radio", f"was off (AT+CFUN={state}); on for these checks")


def check_sim(subject: Subject) -> Finding:
    """Is there a SIM, and does it want a PIN? None is ever tried: three wrong ones block it."""
    # A radio that was just switched on may deny its SIM for some seconds.
    deadline = Deadline.after(0.0 if subject.radio_was is None else subject.settings.ready_s)
    while True:
        try:
            state = subject.modem.sim_state()
            break
        except SimProblem as error:
            if deadline.expired:
                return unfit("sim", str(error), "put a SIM in, the right way round")
        subject.modem.channel.pump(timeout_s=min(0.5, deadline.left()))
    if state == "READY":
        subject.sim_ready = True
        return ok("sim", "ready, no PIN asked")
    if state == "SIM PIN":
        advice = 'switch it off once: AT+CPIN="<pin>", then AT+CLCK="SC",0,"<pin>"'
        return unfit("sim", "the SIM asks for its PIN", advice)
    if "PUK" in state:
        return unfit("sim", f"blocked: it asks for {state}", "the operator gives out the PUK")
    return unfit("sim", f"not ready: {state}", "wait, or restart the modem; then look again")


def check_iccid(subject: Subject) -> Finding:
    """Is it the SIM of the rig file?"""
    wanted = subject.device.registration.iccid
    try:
        seen = subject.modem.iccid()
    except ModemError as error:
        if subject.sim_ready:
            return warning("iccid", f"cannot be read: {error}", "a swapped SIM would go unnoticed")
        return unchecked("iccid", "the SIM is not ready")
    if seen == wanted:
        return ok("iccid", seen)
    owner = subject.owner("iccid", seen)
    if owner is not None and owner == subject.really:  # they changed places together
        return unchecked("iccid", f"the modem of {owner} has its own SIM in it")
    name = subject.really or subject.device.name
    if owner is not None:
        return unfit(
            "iccid", f"the SIM of {owner} is in {name} (the modem says {seen})",
            f"swap the SIMs of {owner} and {name} back, or in the rig file",
        )  # fmt: skip
    if wanted is None:
        return warning("iccid", seen, f'write iccid: "{seen}", so that a swapped SIM is noticed')
    return unfit("iccid", f"the modem says {seen}, the rig file says {wanted}",
                 "put the right SIM in, or correct `iccid:`")  # fmt: skip


def check_signal(subject: Subject) -> Finding:
    """Received strength, judged: RSSI (27.007 §8.5), else RSRP (§8.69). Known once registered."""
    signal = subject.modem.signal()
    for dbm, words, what in (
        (signal.rssi_dbm, RSSI_WORDS, "dBm"),
        (signal.rsrp_dbm, RSRP_WORDS, "dBm RSRP"),
    ):
        if dbm is not None:
            word = next((word for least, word in words if dbm >= least), "very weak")
            seen = f"{dbm} {what}, {word}"
            if "weak" in word:
                return warning("signal", seen, "check antenna and its place")
            return ok("signal", seen)
    return warning("signal", "the modem knows none", "no cell is received: check the antenna")


def check_registration(subject: Subject) -> Finding:
    """Does the network let it in? Waits as long as the settings say."""
    if not subject.sim_ready:
        return unchecked("registration", "the SIM is not ready")
    try:
        stat = subject.modem.wait_registered(timeout_s=subject.settings.registration_s)
    except NotRegistered:
        stat = subject.modem.registration()
        waited = f"{subject.settings.registration_s:g} s"
        advice = "is the SIM active and allowed here (roaming, IMEI lock)?" if stat == 3 else (
            "check antenna, coverage and the radio technology that is allowed"
        )  # fmt: skip
        return unfit("registration", f"none within {waited}: {_STAT.get(stat, stat)}", advice)
    subject.registered = True
    return ok("registration", _STAT.get(stat, f"state {stat}"))


def check_clock(subject: Subject) -> Finding:
    """The modem's clock against this machine's. Nothing is set; a scenario measures it anyway."""
    shown = subject.modem.clock()
    skew = shown - wall()
    if shown.year < _NEVER_SET:
        return warning("clock", f"never set: {shown:%Y-%m-%d %H:%M}",
                       "AT+CTZU=1 takes the network's time at the next registration")  # fmt: skip
    if abs(skew) > timedelta(seconds=subject.settings.clock_s):
        way = "ahead of" if skew > timedelta() else "behind"
        return warning("clock", f"{_about(abs(skew))} {way} this machine",
                       "correct the slower of the two: NTP here, AT+CTZU=1 there")  # fmt: skip
    return ok("clock", f"{round(skew.total_seconds()):+d} s against this machine")


def _about(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} days"


#: In this order: a signal is known once a cell is found. The network's checks and the clock follow.
BEFORE_NETWORK: tuple[tuple[str, Callable[[Subject], Finding]], ...] = (
    ("family", check_family), ("imei", check_imei), ("radio", check_radio), ("sim", check_sim),
    ("iccid", check_iccid), ("registration", check_registration), ("signal", check_signal),
)  # fmt: skip
