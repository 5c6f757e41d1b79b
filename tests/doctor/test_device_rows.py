"""What the doctor says of a device on a real port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from harness.line import PortLock
from harness.rig.doctor import DeviceHealth, State
from harness.rig.doctor.findings import CHECKS
from harness.virtual_modem import ModemSettings, Subscription
from tests.discover.ports import MODEM, FakePort, ScriptedModem, nmea
from tests.doctor.conftest import ICCIDS, IMEIS, QUICK, Lab, MakeModem, row


def states(device: DeviceHealth) -> dict[str, State]:
    """State by check."""
    return {finding.check: finding.state for finding in device.findings}


def test_a_good_device_is_fit_in_every_row(lab: Lab, modem: MakeModem) -> None:
    """All rows are ok, and the connection through the modem is seen to arrive here."""
    lab.write(tracker=lab.device(0, modem().path))
    health = lab.examine()
    (device,) = health.devices
    assert health.fit, device.reason
    assert {check: state for check, state in states(device).items() if state is not State.OK} == {}
    assert [finding.check for finding in device.findings] == list(CHECKS)
    assert row(health, "platform").seen.endswith("coming from 127.0.0.1")
    assert row(health, "apn").seen == "kpnthings.iot, address 10.64.0.2"


@pytest.mark.parametrize("family", ["simcom-7600", "simcom-a76", "sierra-hl78"])
def test_a_good_device_is_fit_again(lab: Lab, modem: MakeModem, family: str) -> None:
    """A network that is still open from the last time is not taken for one that refuses."""
    one = modem(family=family)
    lab.write(tracker=lab.device(0, f"{one.path}, family: {family}"))
    for _ in range(2):
        health = lab.examine()
        assert health.fit, health.devices[0].reason


def test_a_missing_port(lab: Lab) -> None:
    """It is unfit, and nothing after it is claimed to have been checked."""
    lab.write(tracker=lab.device(0, "/dev/no-such-port"))
    (device,) = lab.examine().devices
    assert not device.fit
    assert "/dev/no-such-port: No such file" in device.reason
    assert set(states(device).values()) == {State.UNFIT, State.UNCHECKED}


def test_a_file_is_no_port(lab: Lab, tmp_path: Path) -> None:
    """A path that is no terminal device is told so."""
    (tmp_path / "file").touch()
    lab.write(tracker=lab.device(0, str(tmp_path / "file")))
    assert "is no serial device" in row(lab.examine(), "port").seen


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every port")
def test_rights_are_missing(lab: Lab) -> None:
    """The group that would help is named."""
    with FakePort() as port:
        os.chmod(port.device, 0)
        lab.write(tracker=lab.device(0, port.path))
        found = row(lab.examine(), "rights")
    assert found.state is State.UNFIT
    assert "usermod -aG" in found.advice


def test_a_port_that_another_program_holds(lab: Lab) -> None:
    """The process is named, and the port is not touched."""
    with FakePort(ScriptedModem(MODEM)) as port:
        holder = subprocess.Popen(
            [sys.executable, "-c",
             f"import os; os.open({port.path!r}, os.O_RDWR); print(flush=True); input()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            lab.write(tracker=lab.device(0, port.path))
            found = row(lab.examine(), "in use")
        finally:
            holder.communicate(b"\n", timeout=60)
        assert port.heard == b""
    assert (found.state, f"process {holder.pid}" in found.seen) == (State.UNFIT, True)


def test_a_device_that_another_run_uses(lab: Lab, modem: MakeModem) -> None:
    """The lock of a run that is under way makes it unfit now; its holder is named."""
    path = modem().path
    lab.write(tracker=lab.device(0, path))
    lock = PortLock(path, use="device")
    try:
        found = row(lab.examine(), "in use")
    finally:
        lock.release()
    assert found.state is State.UNFIT
    assert f"process {os.getpid()}" in found.seen


def test_a_silent_port(lab: Lab) -> None:
    """No answer at any rate: what to check is said."""
    with FakePort() as port:
        lab.write(tracker=lab.device(0, port.path))
        found = row(lab.examine(QUICK), "baud")
    assert found.state is State.UNFIT
    assert "no answer" in found.seen
    assert "check power" in found.advice


def test_a_positioning_port(lab: Lab) -> None:
    """The wrong port of the right module is told apart from a dead one."""
    with FakePort(unasked=nmea("GPTXT,01,01,02,hello")) as port:
        lab.write(tracker=lab.device(0, port.path))
        found = row(lab.examine(), "baud")
    assert found.state is State.UNFIT
    assert "positioning" in found.seen


def test_a_positioning_port_at_its_own_rate(lab: Lab) -> None:
    """Such ports speak at 9600 baud more often than at the rate of the rig file."""

    def talk(port: FakePort, data: bytes) -> bytes:
        at_its_rate = port.speed == termios.B9600
        return nmea("GPTXT,01,01,02,hello") if at_its_rate else bytes([0xA5]) * len(data)

    with FakePort(talk) as port:
        lab.write(tracker=lab.device(0, port.path))
        found = row(lab.examine(), "baud")
    assert found.state is State.UNFIT
    assert "positioning (NMEA) port at 9600 baud" in found.seen
    assert "AT port" in found.advice


def test_another_rate_is_named(lab: Lab) -> None:
    """The rate at which the modem does answer is what to write into the rig file."""
    with FakePort(ScriptedModem(MODEM, speed=termios.B9600)) as port:
        lab.write(tracker=lab.device(0, port.path))
        found = row(lab.examine(), "baud")
    assert found.state is State.UNFIT
    assert "answers AT at 9600 baud, not at the 115200" in found.seen
    assert "baud: 9600" in found.advice


def test_garbage(lab: Lab) -> None:
    """Bytes without sense at every rate are shown."""
    with FakePort(lambda port, data: b"\xff\xfe\x80\x81" * len(data)) as port:
        lab.write(tracker=lab.device(0, port.path))
        assert "make no sense" in row(lab.examine(QUICK), "baud").seen


def test_swapped_sims_are_named(lab: Lab, modem: MakeModem) -> None:
    """Each of the two devices says whose SIM is in it."""
    first = modem(0, iccid=ICCIDS[1])
    second = modem(1, iccid=ICCIDS[0])
    lab.write(tracker_1=lab.device(0, first.path), tracker_2=lab.device(1, second.path))
    one, two = lab.examine().devices
    assert "the SIM of tracker-2 is in tracker-1" in row(one, "iccid").seen
    assert "the SIM of tracker-1 is in tracker-2" in row(two, "iccid").seen
    assert not one.fit
    assert not two.fit


def test_swapped_modems_are_named(lab: Lab, modem: MakeModem) -> None:
    """A cable in the other's place: the device that is really there is named."""
    lab.write(tracker_1=lab.device(0, modem(1).path), tracker_2=lab.device(1, modem(0).path))
    one, two = lab.examine().devices
    assert "the modem of tracker-2 is on this port" in row(one, "imei").seen
    assert "the modem of tracker-1 is on this port" in row(two, "imei").seen
    for device in (one, two):  # nobody is sent to swap SIMs that are where they belong
        assert row(device, "iccid").state is State.UNCHECKED
        assert "has its own SIM in it" in row(device, "iccid").seen


def test_a_swapped_modem_with_a_swapped_sim(lab: Lab, modem: MakeModem) -> None:
    """The SIM of another device is said to be in the modem that is really there."""
    third = "imei: '356726104408513', iccid: '8931041010654370202', modem: {port: /dev/none}"
    one = modem(1, iccid="8931041010654370202")
    lab.write(tracker_1=lab.device(0, one.path), tracker_2=lab.device(1, "/dev/no"), other=third)
    device = lab.examine().devices[0]
    assert "the modem of tracker-2 is on this port" in row(device, "imei").seen
    assert "the SIM of other is in tracker-2" in row(device, "iccid").seen


def test_strangers_are_not_taken_for_ours(lab: Lab, modem: MakeModem) -> None:
    """A modem and SIM of no device in the file are shown with both numbers."""
    lab.write(tracker=lab.device(1, modem(0).path))
    (device,) = lab.examine().devices
    assert row(device, "imei").seen == f"the modem says {IMEIS[0]}, the rig file says {IMEIS[1]}"
    assert row(device, "iccid").seen == f"the modem says {ICCIDS[0]}, the rig file says {ICCIDS[1]}"


def test_one_port_for_two_devices(lab: Lab, modem: MakeModem) -> None:
    """Two devices cannot be on one port: both rows name the pair."""
    path = modem().path
    lab.write(tracker_1=lab.device(0, path), tracker_2=lab.device(1, path))
    for device in lab.examine().devices:
        assert "tracker-1 and tracker-2 name the same port" in device.reason


def test_a_pin_is_asked_for_and_never_tried(lab: Lab, modem: MakeModem) -> None:
    """The SIM is unfit until somebody who knows the PIN acts; no PIN is tried."""
    lab.write(tracker=lab.device(0, modem(subscription=Subscription(pin="1234")).path))
    (device,) = lab.examine().devices
    assert row(device, "sim").state is State.UNFIT
    assert "asks for its PIN" in row(device, "sim").seen
    assert states(device)["registration"] is State.UNCHECKED


def test_no_sim(lab: Lab, modem: MakeModem) -> None:
    """An empty holder is told as such; identity rows of the modem stay good."""
    lab.write(tracker=lab.device(0, modem(subscription=Subscription(present=False)).path))
    (device,) = lab.examine().devices
    assert "no usable SIM" in row(device, "sim").seen
    assert (states(device)["imei"], states(device)["sim"]) == (State.OK, State.UNFIT)


def test_no_network(lab: Lab, modem: MakeModem) -> None:
    """Without registration the device is unfit, and APN and platform are not claimed checked."""
    one = modem()
    one.coverage(False)
    lab.write(tracker=lab.device(0, one.path))
    (device,) = lab.examine(QUICK).devices
    assert "none within 1 s" in row(device, "registration").seen
    assert row(device, "apn").seen == "not registered"
    assert row(device, "platform").seen == "not registered"


def test_an_apn_of_another_sim_type(lab: Lab, modem: MakeModem) -> None:
    """The network refuses it, and the row names the APN that the SIM type has (NET-APN)."""
    one = modem(subscription=Subscription.of("plus"))
    lab.write(tracker=lab.device(0, one.path, ", sim: plus, apn: kpnthings.iot"))
    found = row(lab.examine(), "apn")
    assert found.state is State.UNFIT
    assert "kpnthings2.m2m (NET-APN)" in found.advice


def test_a_context_that_is_up_already_proves_nothing(lab: Lab, modem: MakeModem) -> None:
    """The APN of the rig file is really tried, also when another one is active."""
    one = modem()
    lab.write(tracker=lab.device(0, one.path))
    assert lab.examine().fit
    lab.write(tracker=lab.device(0, one.path, ", sim: plus"))
    assert row(lab.examine(), "apn").state is State.UNFIT


def test_an_unusual_apn_that_works(lab: Lab, modem: MakeModem) -> None:
    """The network decides: what it accepts is a remark, not an obstacle."""
    one = modem(subscription=Subscription(apns=frozenset({"private.apn"})))
    lab.write(tracker=lab.device(0, one.path, ", apn: private.apn"))
    health = lab.examine()
    assert health.fit
    assert row(health, "apn").state is State.WARNING


def test_no_way_to_the_platform(lab: Lab, modem: MakeModem) -> None:
    """A refused connection is the route's fault, and says so."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        lab.write(tracker=lab.device(0, modem(route=closed.getsockname()[1]).path))
        found = row(lab.examine(), "platform")
    assert found.state is State.UNFIT
    assert "routed" in found.advice


def test_somebody_elses_platform(lab: Lab, modem: MakeModem) -> None:
    """A connection that opens but does not arrive here went to another machine: unfit."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        lab.write(tracker=lab.device(0, modem(route=other.getsockname()[1]).path))
        found = row(lab.examine(), "platform")
    assert found.state is State.UNFIT
    assert "is not this machine" in found.seen


@pytest.mark.parametrize("family", ["quectel-bg", "nordic-slm"])
def test_a_radio_that_was_off_is_off_again(lab: Lab, modem: MakeModem, family: str) -> None:
    """A run leaves the radio off; the checks need it on, and put it back."""
    one = modem(family=family)
    lab.write(tracker=lab.device(0, f"{one.path}, family: {family}"))
    assert lab.examine().fit
    say_plainly(one.path, b"AT+CFUN=0\r\n")
    health = lab.examine()
    assert health.fit, health.devices[0].reason
    assert "was off (AT+CFUN=0)" in row(health, "radio").seen
    assert "was off (AT+CFUN=0)" in row(lab.examine(), "radio").seen


def say_plainly(path: str, command: bytes) -> None:
    """Send one command and wait for its OK, with plain os calls."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(fd, command)
        heard = b""
        while b"OK\r\n" not in heard:
            heard += os.read(fd, 100)
    finally:
        os.close(fd)


def test_a_port_that_vanishes_in_mid_check(lab: Lab) -> None:
    """The row that was under way says so, the rest is not checked, nothing hangs."""
    with FakePort(ScriptedModem(MODEM, vanish_at="AT+CSQ")) as port:
        lab.write(tracker=lab.device(0, port.path, "").replace("port:", "family: 3gpp, port:"))
        (device,) = lab.examine().devices
    assert row(device, "signal").state is State.UNFIT
    assert "is gone" in row(device, "signal").seen
    assert states(device)["apn"] is State.UNCHECKED
    assert states(device)["registration"] is State.OK


def test_a_plain_3gpp_modem(lab: Lab) -> None:
    """Weak signal, an unset clock and no sockets are remarks; the device stays fit."""
    with FakePort(ScriptedModem(MODEM)) as port:
        lab.write(tracker=lab.device(0, port.path).replace("port:", "family: 3gpp, port:"))
        (device,) = lab.examine().devices
    remarks = {check for check, state in states(device).items() if state is State.WARNING}
    assert device.fit, device.reason
    assert remarks == {"signal", "clock", "platform"}
    assert "-103 dBm, weak" in row(device, "signal").seen
    assert "never set" in row(device, "clock").seen


def test_the_wrong_family(lab: Lab, modem: MakeModem) -> None:
    """A modem of another family than the file says is named with its own."""
    path = modem().path
    lab.write(tracker=lab.device(0, path).replace("port:", "family: 3gpp, port:"))
    found = row(lab.examine(), "family")
    assert found.state is State.WARNING
    assert "family: quectel-bg" in found.advice


def test_a_family_that_speaks_otherwise(lab: Lab, modem: MakeModem) -> None:
    """Nothing is asked in a dialect that the modem does not speak."""
    path = modem().path
    lab.write(tracker=lab.device(0, path).replace("port:", "family: telit-me910, port:"))
    (device,) = lab.examine().devices
    assert row(device, "family").state is State.UNFIT
    assert states(device)["imei"] is State.UNCHECKED
    assert "because of: family" in row(device, "apn").seen


def test_a_clock_that_is_off(lab: Lab, modem: MakeModem) -> None:
    """A modem whose clock was never set is a remark that says how to set it."""
    lab.write(tracker=lab.device(0, modem(settings=ModemSettings(auto_time=0)).path))
    health = lab.examine()
    assert health.fit
    assert row(health, "clock").state is State.WARNING
