"""Who the modem is, its SIM and its network: the same for every family."""

from __future__ import annotations

import pytest

from harness.modem import FAMILIES, recognise
from harness.modem.errors import PdpRefused, SimProblem
from harness.virtual_modem import FAMILIES as VIRTUAL
from harness.virtual_modem import ModemIdentity, Subscription
from tests.conformance.conftest import ALL, APN, Make


def test_both_sides_have_the_same_families() -> None:
    """Each driver has a virtual modem to drive, and each virtual modem a driver."""
    assert sorted(FAMILIES) == sorted(VIRTUAL)


@pytest.mark.parametrize("family", ALL)
def test_identity(bench: Make, family: str) -> None:
    """IMEI, ICCID and IMSI come out bare, whatever prefix or quotes the family puts around them."""
    one = bench(family)
    one.ready()
    identity, wanted = one.modem.identify(), ModemIdentity()
    assert (identity.imei, identity.iccid, identity.imsi) == (
        wanted.imei, wanted.iccid, wanted.imsi,
    )  # fmt: skip
    assert identity.manufacturer
    assert identity.revision in next(iter(VIRTUAL[family].models.values())).revision
    assert one.virtual.unknown_commands == ()


@pytest.mark.parametrize(
    ("family", "model"), [(name, model) for name in ALL for model in VIRTUAL[name].models]
)
def test_every_model_is_recognised(bench: Make, family: str, model: str) -> None:
    """What +CGMI and +CGMM say leads back to the family."""
    one = bench(family, identity=ModemIdentity(model=model))
    one.ready()
    identity = one.modem.identify()
    assert recognise(identity.manufacturer, identity.model) == family


@pytest.mark.parametrize("family", ALL)
def test_attach(bench: Make, family: str) -> None:
    """SIM, registration, signal and an address, with the APN that was asked for."""
    one = bench(family)
    address = one.attach()
    assert one.modem.sim_state() == "READY"
    assert one.modem.registration() == 1
    signal = one.modem.signal()
    assert signal.rssi_dbm == -73 or signal.rsrp_dbm == -85
    assert address == "10.64.0.2"
    assert one.modem.configured_apn() == APN
    assert one.virtual.state.apn == APN
    one.modem.deactivate()
    assert one.virtual.state.apn is None
    assert one.modem.activate(APN) == address
    assert one.virtual.unknown_commands == ()


@pytest.mark.parametrize("family", ALL)
def test_apn_of_another_sim_type(bench: Make, family: str) -> None:
    """The network refuses an APN that the SIM is not for (NET-APN), and the driver says so."""
    one = bench(family)
    one.ready()
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    with pytest.raises(PdpRefused, match=r"kpnthings\.iot"):
        one.modem.activate("kpnthings.iot")


@pytest.mark.parametrize("family", ALL)
def test_losing_the_network(bench: Make, family: str) -> None:
    """Coverage goes and comes back: deregistered, registered again, attached again."""
    one = bench(family)
    one.attach()
    one.virtual.coverage(False)
    assert one.modem.registration() in (0, 2)
    one.virtual.coverage(True)
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    assert one.modem.activate(APN) == "10.64.0.2"


@pytest.mark.parametrize("family", ALL)
def test_no_sim(bench: Make, family: str) -> None:
    """A missing SIM is the bench's fault."""
    one = bench(family, subscription=Subscription(present=False))
    one.modem.wait_ready(timeout_s=20)
    with pytest.raises(SimProblem):
        one.modem.sim_state(timeout_s=0.1)


@pytest.mark.parametrize("family", ALL)
def test_sim_with_a_pin(bench: Make, family: str) -> None:
    """A SIM that wants its PIN says so, and registers once it has it."""
    one = bench(family, subscription=Subscription.of("plus", pin="1234"))
    one.modem.wait_ready(timeout_s=20)
    assert one.modem.sim_state() == "SIM PIN"
    one.modem.command('AT+CPIN="1234"')
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    assert one.modem.sim_state() == "READY"
