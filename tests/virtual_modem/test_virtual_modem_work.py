"""Work in flight: virtual time moves only when line and modem are at rest."""

import os
import socket

from harness.clock import VirtualClock
from harness.evidence.timeline import Timeline
from harness.network.loop import LoopThread
from harness.virtual_modem import ModemNetwork, ModemSettings, Subscription, VirtualModem
from tests.virtual_modem.conftest import NOON, PLATFORM, Host


def test_every_byte_is_counted_in_and_out(loop: LoopThread) -> None:
    """A host that counts its side brings the count to zero, through boot, data and a power cut."""
    clock = VirtualClock(NOON)
    work = clock.work
    with socket.create_server(("127.0.0.1", 0)) as silent:
        modem = VirtualModem(
            "m", clock=clock, recorder=Timeline(None, clock), loop=loop, work=work,
            subscription=Subscription.of("plus"),
            network=ModemNetwork(routes={PLATFORM: silent.getsockname()}),
            settings=ModemSettings(reply_hold_s=0.05),
        )  # fmt: skip
        host = Host(modem.start())

        def drain() -> None:
            try:
                work.done("line:m:rx", len(os.read(host.fd, 4096)))
            except BlockingIOError:
                return

        def type_in(text: bytes) -> None:
            work.begin("line:m:tx", len(text))
            os.write(host.fd, text)
            clock.settle(drain)

        clock.settle(drain)  # the boot is over: registered
        assert modem.state.registered
        type_in(b'ATE0;+QICSGP=1,1,"kpnthings2.m2m";+QIACT=1\r')
        type_in(b'AT+QIOPEN=1,0,"TCP","10.151.236.157",80\r')
        type_in(b"AT+QISEND=0,3\r")
        type_in(b"abc")  # the peer never answers: virtual time waits reply_hold_s, no longer
        type_in(b"AT+CFUN=1,1\r")
        assert modem.state.registered
        modem.cut_power()
        type_in(b"AT\r")
        assert modem.deliver_sms("5277", "x", NOON) is False
        clock.advance(60.0, drain)
        assert work.idle
        modem.close()
        host.close()
        clock.close()
