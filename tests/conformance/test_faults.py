"""Every line fault against every family: the right result or an error, and in step afterwards."""

from __future__ import annotations

import pytest

from harness.errors import HilError
from harness.virtual_modem import FaultKind, LineFault, ModemIdentity
from harness.virtual_modem.faults import Place
from tests.conformance.conftest import ALL, PLATFORM, WITH_SOCKETS, Make
from tests.conformance.test_packet_data import TRICKY, answer, request

CODE = '+CMTI: "ME",77'
HARMFUL = (
    LineFault(FaultKind.DROP, skip=2), LineFault(FaultKind.DROP, "tx", skip=3),
    LineFault(FaultKind.DUPLICATE, skip=4), LineFault(FaultKind.DUPLICATE, "tx", skip=2),
    LineFault(FaultKind.GARBAGE, skip=3), LineFault(FaultKind.GARBAGE, "tx"),
    LineFault(FaultKind.LATE, seconds=0.3), LineFault(FaultKind.SILENCE, seconds=0.3),
    LineFault(FaultKind.BROWN_OUT),
)  # fmt: skip
HARMLESS = (
    LineFault(FaultKind.SPLIT, skip=5, seconds=0.02),
    LineFault(FaultKind.DELAY, seconds=0.05),
    LineFault(FaultKind.URC_FLOOD, count=300, seconds=0.0005, text=CODE),
    *(LineFault(FaultKind.URC, place=place.value, text=CODE) for place in Place),
)


@pytest.mark.parametrize("family", ALL)
def test_in_step_after_every_fault(bench: Make, family: str) -> None:
    """A disturbed command gives its result or an error in time; the next ones are right."""
    one = bench(family)
    one.ready()
    one.modem.channel.quiet_s = 0.03  # from here on there is something to be out of step with
    for fault in HARMFUL:
        one.virtual.inject(fault)
        try:
            response = one.modem.channel.execute("AT+CGSN", timeout_s=0.15)
        except HilError:
            pass
        else:
            assert response.final
        one.modem.wait_ready(timeout_s=20)
        one.modem.wait_registered(timeout_s=20, poll_s=0.05)
        assert one.modem.line("AT+CGSN") == ModemIdentity().imei, fault
    struck = [event.data["fault"] for event in one.timeline.events("line.fault")]
    assert struck == [fault.kind.value for fault in HARMFUL]


@pytest.mark.parametrize("family", WITH_SOCKETS)
@pytest.mark.parametrize("fault", HARMLESS, ids=lambda fault: f"{fault.kind.value}-{fault.place}")
def test_what_may_not_harm(bench: Make, family: str, fault: LineFault) -> None:
    """Pauses and codes at any place of a response change nothing about an uplink."""
    one = bench(family)
    one.attach()
    one.server.replies.append(answer(TRICKY * 3))
    one.virtual.inject(fault)
    assert one.sockets.post_raw(*PLATFORM, request(TRICKY)) == answer(TRICKY * 3)
    assert one.server.requests == [request(TRICKY)]
