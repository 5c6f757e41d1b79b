"""Timelines as a run would leave them, played through the real recorder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.backoff import KPN, attempts
from harness.clock import VirtualClock
from harness.evidence import Redactor, Timeline

IMEI, ICCID, MSISDN = "356726104408422", "8931041010654378932", "+3197012345678"
SECRET = "TrackerPlusSecret0123456789abc"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DEVICE, LINE, MODEM = "device:tracker-plus", "line:tracker-plus", "modem:tracker-plus"
BODY = f'[{{"bn":"urn:dev:IMEI:{IMEI}:"}},{{"n":"temperature","u":"Cel","v":21.5}}]'
HEAD = (
    "POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\nThings-Message-Token: {'ab' * 32}\r\n\r\n"
)


class Play:
    """One scenario's timeline; use as a context manager."""

    def __init__(self, folder: Path, name: str, title: str, verifies: list[str]) -> None:
        self.name, self.title, self.verifies = name, title, verifies
        self.clock = VirtualClock(START, on_jump=self._jumped)
        self.file = f"timelines/{name}.jsonl"
        self.timeline = Timeline(
            folder / self.file, self.clock, Redactor([("secret of tracker-plus", SECRET)])
        )
        self.steps = 0

    def __enter__(self) -> Play:
        self.record(
            "harness",
            "run.context",
            versions={"things-hil": "0.1.0", "python": "3.11.9"},
            rig={"name": "sim", "file": "rigs/sim.yaml", "network": "namespaces"},
            scenario={"id": self.name, "title": self.title, "verifies": self.verifies,
                      "file": f"scenarios/{self.name}.yaml"},
            device={"name": "tracker-plus", "imei": IMEI, "iccid": ICCID, "msisdn": MSISDN,
                    "sim": "plus", "apn": "kpnthings2.m2m", "modem": "virtual quectel-bg"},
            assumed=[{"name": "response codes", "value": "202, 400, 401, 404",
                      "why": "the documents name outcomes, not codes"}],
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.timeline.close()
        self.clock.close()

    def _jumped(self, before_ns: int, after_ns: int) -> None:
        from harness.clock.scenario import from_ns

        self.record("clock", "clock.jump", **{"from": from_ns(before_ns), "to": from_ns(after_ns)})

    def record(self, source: str, kind: str, **data: Any) -> None:
        self.timeline.record(source, kind, **data)

    def step(self, text: str, outcome: str = "ok", message: str = "") -> None:
        self.record("scenario", "step.start", index=self.steps, line=6 + self.steps, text=text)
        self.record("scenario", "step.end", index=self.steps, line=6 + self.steps,
                    outcome=outcome, message=message)  # fmt: skip
        self.steps += 1

    def at(self, command: str, *answers: str) -> None:
        self.record(LINE, "serial", dir="tx", bytes=command + "\r")
        for answer in answers:
            self.record(LINE, "serial", dir="rx", bytes=f"\r\n{answer}\r\n")

    def urc(self, text: str) -> None:
        self.record(LINE, "serial", dir="rx", bytes=f"\r\n{text}\r\n")
        self.record(LINE, "urc", text=text)

    def power(self, state: str) -> None:
        self.record(DEVICE, "power", state=state, how="relay")

    def attach(self) -> None:
        self.power("on")
        self.record(
            MODEM, "modem.state", state="ready", registered=False, apn="", pdp=None, reason=""
        )
        self.urc("RDY")
        self.at("ATE0", "OK")
        self.at("AT+CMEE=2", "OK")
        self.at('AT+CGDCONT=1,"IP","kpnthings2.m2m"', "OK")
        self.urc("+CEREG: 1")
        self.record(MODEM, "modem.state", state="ready", registered=True, apn="kpnthings2.m2m",
                    pdp="10.20.0.2", reason="")  # fmt: skip

    def uplink(self, outcome: str = "accepted", status: int = 202, token: str = "verified",
               why: str = "", findings: list[dict[str, str]] | None = None, body: str = BODY,
               number: int = 1) -> None:  # fmt: skip
        self.at("AT+QISEND=0,312", ">")
        self.record("platform", "http.request", exchange=number, peer="10.20.0.2:40001",
                    device="tracker-plus", head=HEAD, body=body)  # fmt: skip
        pack = [{"n": f"urn:dev:IMEI:{IMEI}:temperature", "u": "Cel", "v": 21.5, "t": 1772366400}]
        self.record("platform", "uplink", exchange=number, device="tracker-plus", outcome=outcome,
                    findings=findings or [], token={"verdict": token, "explanation": why},
                    pack=pack if outcome == "accepted" else None, received=START)  # fmt: skip
        answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n"
        self.record("platform", "http.response", exchange=number, status=status, bytes=answer,
                    fault=None)  # fmt: skip
        self.urc('+QIURC: "recv",0')

    def verdict(self, outcome: str, message: str = "", requirements: tuple[str, ...] = (),
                blame: str = "") -> None:  # fmt: skip
        self.record("scenario", "verdict", outcome=outcome, message=message,
                    requirements=requirements, blame=blame, step=None)  # fmt: skip


def accepted(folder: Path) -> Play:
    with Play(folder, "token.accepted", "A right token is accepted", ["TOKEN-FORMULA"]) as play:
        play.attach()
        play.uplink()
        play.record("capture", "packet", time="2026-03-01T12:00:00.000001Z", src="10.20.0.2",
                    dst="10.151.236.157", proto="tcp", sport=40001, dport=80, flags="S", length=60,
                    payload=0, info="")  # fmt: skip
        play.record(
            "capture", "capture.summary", file="captures/token.accepted.pcap", packets=1, dropped=0
        )
        play.step("- report: {temperature: 21.5}")
        play.verdict("passed", requirements=("TOKEN-FORMULA",))
    return play


def token_failure(folder: Path) -> Play:
    """The device hashed with the trailing NUL; a hostile name and an unknown command on the way."""
    with Play(folder, "token.nul", "The token is over exactly the bytes sent",
              ["TOKEN-FORMULA", "TOKEN-EXACT"]) as play:  # fmt: skip
        play.record("scenario", "step.start", index=0, line=6, text="  - power: on")
        play.attach()
        play.record("scenario", "step.end", index=0, line=6, outcome="ok", message="")
        play.record(MODEM, "modem.unknown", command="AT+QNOTHERE")
        play.at("AT+QNOTHERE", "+CME ERROR: 58")
        play.at("AT<script>alert(1)</script>\x1b[31m\x00", "ERROR")
        play.record("scenario", "step.start", index=1, line=7,
                    text="  - report:\n      records: {temperature: 21.5}")  # fmt: skip
        play.uplink("unverified", 401, "explained",
            "the token matches when a NUL byte follows the body: the length of a C string was "
            "taken with its end",
            [{"requirement": "TOKEN-EXACT", "severity": "error", "message": "hash over body + NUL"},
             {"requirement": "TOKEN-SPACE", "severity": "warning", "message": "white space"}],
            body=BODY + "\r\n")  # fmt: skip
        play.record("scenario", "step.end", index=1, line=7, outcome="ok", message="")
        play.record(DEVICE, "device.uplink", result={"status": 401, "error": None})
        play.record(DEVICE, "device.console", text=f"secret is {SECRET}")
        play.steps = 2
        play.step("  - expect:\n      uplink: {outcome: accepted}", "failed",
                  "expected outcome accepted; seen: unverified")  # fmt: skip
        play.verdict("failed", "expected outcome accepted; seen: unverified: a NUL byte was hashed "
                     "too", ("TOKEN-EXACT",), "device")  # fmt: skip
    return play


def sms_backoff(folder: Path, delivered_at: int = 24) -> Play:
    """Attempts of the 48 hours; the device is on now and then, and reached at one of them."""
    with Play(folder, "sms.power-cycle", "A device that sleeps gets its SMS",
              ["SMS-POWER", "SMS-RETRY-3"]) as play:  # fmt: skip
        play.power("on")
        play.power("off")
        play.step("  - sms: wake up")
        play.record("sms-centre", "sms.submit", id=1, device="tracker-plus", msisdn=MSISDN,
                    text="interval=600", schedule=list(attempts(KPN)))  # fmt: skip
        for number, at_s in enumerate(attempts(KPN), 1):
            here = (play.clock.now() - START).total_seconds()
            if number > 12:
                play.clock.advance(at_s - here - 1_500)
                play.power("on")
                play.clock.advance(300)
                play.power("on" if number == delivered_at else "off")
                play.clock.advance(1_200)
            else:
                play.clock.advance(at_s - here)
            outcome = "delivered" if number == delivered_at else "unreachable"
            play.record("sms-centre", "sms.attempt", id=1, device="tracker-plus", msisdn=MSISDN,
                        number=number, elapsed_s=at_s, outcome=outcome)  # fmt: skip
            if number == delivered_at:
                play.record("sms-centre", "sms.status", id=1, device="tracker-plus",
                            msisdn=MSISDN, status="DELIVERED")  # fmt: skip
                play.urc('+CMTI: "ME",0')
                play.record(DEVICE, "device.sms", sender="5277", text="interval=600", obeyed=True)
                break
        play.verdict("passed", requirements=("SMS-POWER", "SMS-RETRY-3"))
    return play


def rig_error(folder: Path) -> Play:
    with Play(folder, "network.host", "The Host header is m.m", ["HTTP-HOST"]) as play:
        play.power("on")
        play.at("AT")
        play.record("harness", "note", text="/dev/ttyUSB2 was unplugged")
        play.step("  - power: on", "failed", "the port /dev/ttyUSB2 is gone")
        play.verdict("rig error", "the port /dev/ttyUSB2 is gone; plug it in again", (), "rig")
    return play


def chatty(folder: Path, lines: int = 3_000) -> Play:
    with Play(folder, "network.chatty", "A device that talks a lot", ["NET-APN"]) as play:
        for number in range(lines):
            play.at(f"AT+CSQ={number}", "OK")
        play.verdict("passed", requirements=("NET-APN",))
    return play


def properties(play: Play) -> list[tuple[str, str]]:
    """What a scenario item leaves for a timeline like this."""
    events = [json.loads(line) for line in _lines(play)]
    verdict = next(event for event in events if event["kind"] == "verdict")
    unknown = [event["command"] for event in events if event["kind"] == "modem.unknown"]
    return [
        ("hil.scenario", play.name),
        ("hil.verifies", ",".join(play.verifies)),
        ("hil.device", "tracker-plus"),
        ("hil.verdict", verdict["outcome"]),
        ("hil.requirements", ",".join(verdict["requirements"])),
        ("hil.blame", verdict["blame"]),
        ("hil.message", verdict["message"]),
        ("hil.timeline", play.file),
        *(("hil.unknown-command", command) for command in unknown),
    ]


def _lines(play: Play) -> list[str]:
    assert play.timeline.path is not None
    return play.timeline.path.read_text(encoding="utf-8").splitlines()
