"""The bench with a real port: a modem process of its own stands at the far end of the line.

Nothing of the simulated bench is used: the rig file names a port, the platform listens on an
address of this machine, and `hil modem` runs in another process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ports import reserved_port
from tests.ready import facts_of

ROOT = Path(__file__).parents[2]
IMEI, ICCID, MSISDN = "356726104408679", "8931041010654370277", "+3197012345681"
SECRET = "BenchDeviceSecretFromTheEnvironment1"


@pytest.fixture
def port() -> Iterator[int]:
    """The platform's, which the modem is told before there is a platform."""
    with reserved_port() as held:
        yield held


@pytest.fixture
def modem(tmp_path: Path, port: int) -> Iterator[tuple[Path, int]]:
    """A modem process: the path of its port, and where 10.151.236.157:80 leads to."""
    link, ready = tmp_path / "modem", tmp_path / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "modem", "--link", str(link), "--ready", str(ready),
         "--imei", IMEI, "--iccid", ICCID, "--msisdn", MSISDN, "--apn", "kpnthings2.m2m",
         "--route", f"10.151.236.157:80=127.0.0.1:{port}"],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Path(facts_of(process, ready).get("port", link)), port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, modem: tuple[Path, int]) -> Run:
    """`hil run` on a rig with that port."""
    path, port = modem

    def hil_run(*scenarios: str, iccid: str = ICCID) -> subprocess.CompletedProcess[str]:
        rig = tmp_path / "bench.yaml"
        rig.write_text(
            "rig: bench\n"
            f"network: {{kind: lab, bind: '127.0.0.1:{port}'}}\n"
            "devices:\n"
            f"  tracker-1: {{imei: '{IMEI}', iccid: '{iccid}', msisdn: '{MSISDN}', sim: plus,\n"
            f"    secret: {{env: BENCH_SECRET}}, modem: {{port: {path}}}}}\n",
            encoding="utf-8",
        )
        return subprocess.run(
            [sys.executable, "-m", "harness", "run", "--rig", str(rig), "--reports",
             str(tmp_path / "reports"), *(str(ROOT / "scenarios" / name) for name in scenarios)],
            cwd=tmp_path, env={**os.environ, "BENCH_SECRET": SECRET, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return hil_run


def test_the_same_scenarios_run_on_a_real_port(run: Run, tmp_path: Path) -> None:
    """Uplink, wrong token, base time and downlink are green on a port that the rig file names."""
    done = run(
        "token/accepted.yaml", "token/stripped.yaml", "bt/two-moments.yaml",
        "downlink/two-in-order.yaml",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((tmp_path / "reports/latest/summary.json").read_text(encoding="utf-8"))
    assert [item["verdict"] for item in summary["items"]] == ["passed"] * 4
    assert SECRET not in "".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in (tmp_path / "reports/latest").rglob("*")
        if path.suffix in (".jsonl", ".json", ".html", ".xml")
    )


def test_what_a_real_bench_cannot_do_is_skipped(run: Run) -> None:
    """SMS needs a way to deliver it, and traffic a capture: both are skipped with the reason."""
    done = run("sms/at-once.yaml", "network/no-dns.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 skipped" in done.stdout
    assert "does not offer sms" in done.stdout
    assert "does not offer capture" in done.stdout


def test_a_swapped_sim_is_a_rig_error(run: Run) -> None:
    """When the modem's SIM is not the one of the rig file, the bench is wrong, not the device."""
    done = run("token/accepted.yaml", iccid="8931041010654370194")
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"the modem says {ICCID}" in done.stdout
