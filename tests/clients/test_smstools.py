"""smsd of smstools as a rig's firmware: from the platform's SMS centre to its inbox, and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.clock import Deadline, pause
from harness.rig.bench import BenchOptions
from harness.rig.rig import load_rig
from harness.rig.session import RigSession, Unfit
from harness.virtual_modem import FAMILIES
from tests.clients.modems import STORING, imei
from tests.clients.running import at_once, needs

pytestmark = [pytest.mark.external, needs("smstools", "smsd")]
FOLDERS = ("outgoing", "checked", "failed", "incoming", "sent")
LONG = "kpnthings," + "x" * 170 + " {end}"


def smsd(folder: Path, family: str) -> list[str]:
    """Its folders, its configuration, and the command line that fills in the port."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    of = FAMILIES[family]
    template = folder / "template"
    template.write_text(
        "devices = GSM1\ndelaytime = 1\nreceive_before_send = yes\n"
        + f"logfile = {folder}/log\ninfofile = {folder}/info\npidfile = {folder}/pid\n"
        + "".join(f"{name} = {folder}/{name}\n" for name in FOLDERS)
        + f"\n[GSM1]\ndevice = @PORT@\nincoming = yes\nmemory_start = {of.first_index}\n"
        + f"primary_memory = {of.memory}\ncheck_network = 1\nkeep_open = no\nsentsleeptime = 1\n"
    )
    config = folder / "smsd.conf"
    script = f'sed "s|@PORT@|$1|" {template} > {config} && exec smsd -t -c{config}'
    return ["sh", "-c", script, "sh", "{port}"]


def rig(folder: Path, family: str) -> Path:
    """A rig with one device whose firmware is smsd."""
    file = folder / "rig.yaml"
    device = {
        "imei": imei(family), "secret": "ClientSecret00x0123456789abcdef",
        "iccid": "8931041010654370194", "msisdn": "+3197012345680", "sim": "plus",
        "modem": {"family": family},
    }  # fmt: skip
    about = {
        "rig": "smsd", "network": {"kind": "loopback"}, "devices": {family: device},
        "firmware": {"command": smsd(folder, family), "report": "none"},
    }  # fmt: skip
    file.write_text(json.dumps(about))
    return file


def received(folder: Path, text: str) -> str:
    """The file of the SMS with this text, once smsd has written all of it."""
    files = (file.read_text() for file in (folder / "incoming").iterdir())
    return next((file for file in files if file.endswith(f"\n\n{text}")), "")


def test_smsd_gets_the_platforms_sms_and_sends_one(tmp_path: Path) -> None:
    """The SMS centre delivers at the first attempt, smsd joins the parts; 5277 is the sender."""

    def use(family: str) -> None:
        folder = tmp_path / family
        folder.mkdir()
        session = RigSession(load_rig(rig(folder, family)), folder / "run")
        try:
            device = session.choose(frozenset())
            assert not isinstance(device, Unfit)
            with session.open_bench(device, BenchOptions(real_time=True), family) as bench:
                assert bench.modem is not None
                bench.dut.power_on(attach=False)
                deadline = Deadline.after(40)
                while not bench.modem.state.registered:
                    assert not deadline.expired
                    pause(0.02)
                sms = bench.platform.submit_sms(family, LONG)
                order = folder / "order"
                order.write_text("To: 31612345678\nReport: yes\n\nhello")
                order.rename(folder / "outgoing" / "one")  # smsd takes what it finds at once
                while not (list((folder / "sent").iterdir()) and received(folder, LONG)):
                    log = folder / "log"
                    assert not deadline.expired, log.exists() and log.read_text()[-2000:]
                    pause(0.05)
                assert "\nFrom: 5277\n" in f"\n{received(folder, LONG)}"
                assert [outcome for _, outcome, _ in sms.log] == ["delivered"]
                sent = [(one.recipient, one.text) for one in bench.modem.sent_sms]
                assert sent == [("+31612345678", "hello")]
        finally:
            session.close()

    at_once(STORING, use)
