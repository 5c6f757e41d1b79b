"""Power, restart and clock of every family."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from harness.virtual_modem import ModemSettings
from tests.conformance.conftest import ALL, APN, NOON, Make


@pytest.mark.parametrize("family", ALL)
def test_power_cycle(bench: Make, family: str) -> None:
    """Off in order, on again, and everything works as before."""
    one = bench(family)
    one.attach()
    one.modem.power_off(timeout_s=10)
    if family != "3gpp":  # 27.007 has no power off
        one.wait_state("off")
    one.modem.channel.urcs.clear()
    one.virtual.power(True)
    if family == "3gpp":
        one.modem.set_radio(1)
    one.modem.wait_booted(timeout_s=20)
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    assert one.modem.activate(APN) == "10.64.0.2"


@pytest.mark.parametrize("family", ALL)
def test_supply_cut_and_back(bench: Make, family: str) -> None:
    """After a power cut nothing of the old session is left, and attaching works again."""
    one = bench(family)
    one.attach()
    one.virtual.cut_power()
    one.modem.channel.urcs.clear()
    one.virtual.power(True)
    one.modem.wait_booted(timeout_s=20)
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    assert one.modem.activate(APN) == "10.64.0.2"


@pytest.mark.parametrize("family", ALL)
def test_reboot(bench: Make, family: str) -> None:
    """The family's reset command restarts the modem, which answers again after its boot."""
    one = bench(family, settings=ModemSettings(boot_s=0.2))
    one.attach()
    one.modem.channel.urcs.clear()
    one.modem.reboot()
    one.modem.wait_booted(timeout_s=20)
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    assert one.modem.activate(APN) == "10.64.0.2"
    states = [event.data["state"] for event in one.timeline.events("modem.state")]
    assert states.count("booting") == 2


@pytest.mark.parametrize("family", ALL)
def test_radio_off_and_on(bench: Make, family: str) -> None:
    """AT+CFUN=4 leaves the network, AT+CFUN=1 finds it again."""
    one = bench(family)
    one.attach()
    one.modem.set_radio(4)
    assert one.modem.registration() == 0
    one.modem.set_radio(1)
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    assert one.modem.activate(APN) == "10.64.0.2"


@pytest.mark.parametrize("family", ALL)
def test_clock_of_the_network(bench: Make, family: str) -> None:
    """After registering the clock is the network's, within a second, however the zone is shown."""
    one = bench(family)
    one.attach()
    assert abs(one.modem.clock() - NOON) < timedelta(seconds=60)


@pytest.mark.parametrize("family", ALL)
def test_clock_set_by_the_host(bench: Make, family: str) -> None:
    """A clock that was set reads back as the same moment, once the network has told its own."""
    one = bench(family)
    one.attach()
    for zone in (UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-3.5))):
        moment = datetime(2027, 7, 1, 23, 30, tzinfo=zone)
        one.modem.set_clock(moment)
        assert abs(one.modem.clock() - moment) < timedelta(seconds=60)
