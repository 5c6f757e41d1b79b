"""The order of evidence: a command stands before what the modem did because of it."""

from __future__ import annotations

from pathlib import Path

from harness.rig.bench import BenchOptions
from harness.rig.rig import load_rig
from harness.rig.session import RigSession, Unfit

ROOT = Path(__file__).parents[2]


def test_a_command_is_recorded_before_its_effect(tmp_path: Path) -> None:
    """On the timeline AT+QIACT comes before the modem is online, AT+CFUN=4 before it is not."""
    session = RigSession(load_rig(ROOT / "rigs" / "sim.yaml"), tmp_path)
    try:
        device = session.choose(frozenset())
        assert not isinstance(device, Unfit)
        for number in range(5):
            with session.open_bench(device, BenchOptions(), f"order-{number}") as bench:
                bench.dut.power_on()
                bench.dut.radio(on=False)
                events = bench.timeline.events()
            sent = {
                event.data["bytes"]: event.seq
                for event in events
                if event.kind == "serial" and event.data["dir"] == "tx"
            }
            states = [event for event in events if event.kind == "modem.state"]
            online = next(event.seq for event in states if event.data["pdp"])
            assert sent["AT+QIACT=1\r"] < online
            gone = next(event.seq for event in states if event.seq > online)
            assert sent["AT+CFUN=4\r"] < gone
    finally:
        session.close()
