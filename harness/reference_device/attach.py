"""From power-up to a PDP context: SIM, registration, APN (Quectel BG95/BG96 AT manual)."""

from __future__ import annotations

import contextlib
import re
import time
from datetime import UTC, datetime, timedelta

from .at import Modem, ModemError
from .faults import Faults

_SIM_S = 20.0
_POLL_S = 0.25


class NotAttached(Exception):
    """No SIM, no network or no context; ``str()`` says which and why."""


def bring_up(modem: Modem, apn: str, boot_s: float, register_s: float, faults: Faults) -> None:
    """Wake the modem and activate context 1 with ``apn``. Raises NotAttached or ModemLost."""
    modem.wake(boot_s)
    modem.command("AT+CMEE=1")
    radio_on(modem)
    _wait_for_sim(modem)
    _wait_for_network(modem, register_s)
    if "wrong-apn" in faults:
        apn = "internet.m2m"
    with contextlib.suppress(ModemError):  # it was not active
        modem.command("AT+QIDEACT=1", 40.0)
    try:
        modem.command(f'AT+QICSGP=1,1,"{apn}","","",0')
        modem.command("AT+QIACT=1", 150.0)
    except ModemError as error:
        raise NotAttached(f"no PDP context with APN {apn}: {error}") from error


def radio_on(modem: Modem) -> None:
    """Full functionality, should an earlier run have left the radio off."""
    if not "".join(modem.command("AT+CFUN?")).startswith("+CFUN: 1"):
        modem.command("AT+CFUN=1", 15.0)


def has_context(modem: Modem) -> bool:
    """Whether context 1 is still active: a lost one need not have been announced."""
    try:
        return any(re.match(r"\+QIACT: ?1,1,", line) for line in modem.command("AT+QIACT?"))
    except ModemError:
        return False


def trusted_time(modem: Modem) -> int | None:
    """Seconds since 1970 from AT+CCLK?, None while the clock was never set (BT-CLOCKLESS).

    BG95/BG96 give UTC, and the zone as a remark. Before network time they show 1980 (as ``80``);
    years before 2024 or past 2069 are taken for an unset clock.
    """
    try:
        answer = "".join(modem.command("AT+CCLK?"))
    except ModemError:
        return None
    fields = re.search(r'"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)', answer)
    if fields is None or not 24 <= int(fields[1]) < 70:
        return None
    year, month, day, hour, minute, second = (int(field) for field in fields.groups())
    try:
        moment = datetime(2000 + year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    return int((moment + timedelta(seconds=second)).timestamp())


def _wait_for_sim(modem: Modem) -> None:
    end = time.monotonic() + _SIM_S
    while True:
        try:
            state = "".join(modem.command("AT+CPIN?"))
        except ModemError as error:
            state = str(error)
        if "READY" in state and "NOT READY" not in state:
            return
        # A PIN, a PUK or a missing SIM does not mend itself; busy (14) and a booting SIM do.
        if re.search(r"SIM P[IU][NK]|ERROR: (10|11|12|13|15)$", state):
            raise NotAttached(f"SIM: {state}")
        if time.monotonic() > end:
            raise NotAttached(f"SIM not ready in {_SIM_S:g} s: {state}")
        modem.pump(_POLL_S)


def _wait_for_network(modem: Modem, timeout: float) -> None:
    end = time.monotonic() + timeout
    while True:
        seen: list[str] = []
        for command in ("AT+CEREG?", "AT+CGREG?"):
            try:
                answer = "".join(modem.command(command))
            except ModemError as error:
                answer = str(error)
            seen.append(answer)
            if re.search(r"G: ?\d,(1|5)\b", answer):  # home or roaming
                return
        if time.monotonic() > end:
            raise NotAttached(f"not registered in {timeout:g} s: {', '.join(seen)}")
        modem.pump(_POLL_S)
