"""Play one case on one device of a rig, from opening the bench to the verdict."""

from __future__ import annotations

import contextlib
import platform as host
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from harness import __version__
from harness.errors import HilError
from harness.evidence import Event
from harness.rig.bench import Bench, BenchOptions
from harness.rig.rig import Device
from harness.rig.session import RigSession, Unfit
from harness.scenario.load import Case, shown_path
from harness.scenario.runner import judge, judge_defect, record_verdict, run_case
from harness.scenario.verdict import Verdict

LAST_EVENTS = 12
_SECRET_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Result:
    """A case's verdict and where its evidence is; ``timeline`` is relative to the run's folder."""

    verdict: Verdict
    device: str = ""
    timeline: str | None = None
    unknown_commands: tuple[str, ...] = ()
    last_events: tuple[Event, ...] = ()


def play_where_it_fits(session: RigSession, case: Case, item: str, name: str | None) -> Result:
    """Play the case on the first device (only ``name``, when given) that offers what it needs.

    Without one it is skipped with the reason. Never raises for what a rig can do wrong.
    """
    try:
        device = session.choose(case.needs, name)
    except HilError as error:
        return Result(judge(error, case, None))
    if isinstance(device, Unfit):
        return Result(Verdict("skipped", device.reason))
    return play(session, device, case, item)


def play(session: RigSession, device: Device, case: Case, item: str) -> Result:
    """Open a bench, run the case, close the bench. Never raises for what a bench can do wrong."""
    bench = session.open_bench(device, options_of(case, device), item)
    try:
        with bench.keep_timeline():
            verdict = _run(bench, case)
    except HilError as error:  # not even a timeline can be had
        verdict = judge(error, case, None, device.name)
    file = bench.timeline_file
    modem = bench.modem
    events = list(_until_verdict(bench.timeline.events())) if hasattr(bench, "timeline") else []
    return Result(
        verdict,
        device.name,
        str(file.relative_to(session.folder)) if file.exists() else None,
        tuple(dict.fromkeys(modem.unknown_commands)) if modem is not None else (),
        tuple(events[-LAST_EVENTS:]),
    )


def _until_verdict(events: list[Event]) -> Iterator[Event]:
    """What happened before the verdict; the steps themselves are shown elsewhere."""
    for event in events:
        if event.kind == "verdict":
            return
        if not event.kind.startswith("step."):
            yield event


def _run(bench: Bench, case: Case) -> Verdict:
    """From opening to closing. What goes wrong while closing spoils a pass, and nothing else."""
    verdict: Verdict | None = None
    trouble: Verdict | None = None
    try:
        with bench:
            _record_context(bench, case)
            freeze = contextlib.nullcontext() if bench.options.real_time else bench.frozen_wall()
            with freeze:
                verdict = run_case(case, bench)
    except HilError as error:
        trouble = judge(error, case, None, bench.device.name)
    except Exception as error:  # a defect of ours: it becomes the verdict, with its name
        trouble = judge_defect(error, bench.timeline, None)
    except BaseException:
        bench.timeline.record("harness", "note", text="the run was interrupted here")
        raise
    if bench.timeline.lost is not None:  # without evidence, no verdict counts against a device
        trouble, verdict = judge(bench.timeline.lost, case, None), None
    if trouble is None:
        assert verdict is not None
        return verdict
    if verdict is not None and verdict.outcome != "passed":
        bench.timeline.record("harness", "note", text=f"while closing: {trouble.message}")
        return verdict
    record_verdict(trouble, bench.timeline)
    return trouble


def options_of(case: Case, device: Device) -> BenchOptions:
    """What the case wants of its bench."""
    model = case.model
    secret = model.device.secret
    return BenchOptions(
        start=model.clock.at,
        real_time=model.clock.mode == "real",
        secret=secret_of_length(secret.length) if secret is not None and secret.length else None,
        no_secret=secret is not None and secret.none,
        apn=model.device.apn,
        sms_reading=model.settings.sms_reading,
        endpoints=any(step.kind == "destination" for step in model.steps),
    )


def secret_of_length(length: int) -> str:
    """A secret of letters and digits (TOKEN-SECRET), the same every time."""
    return (_SECRET_LETTERS * 2)[:length]


def _under_test(bench: Bench) -> str:
    """What acted as the device: a report that does not tell is no evidence about any."""
    program = bench.device.firmware
    return shlex.join(program.command) if program is not None else "none: played by the harness"


def _record_context(bench: Bench, case: Case) -> None:
    registration = bench.registration
    bench.timeline.record(
        "harness",
        "run.context",
        versions={
            "things-hil": __version__,
            "python": host.python_version(),
            "system": f"{host.system()} {host.release()}",
            **{name: metadata.version(name) for name in ("pytest", "freezegun", "pyserial")},
        },
        rig={
            "name": bench.rig.name,
            "file": shown_path(bench.rig.file),
            "network": bench.network.reason,
        },
        scenario={
            "id": case.id,
            "title": case.model.title,
            "description": case.model.description,
            "verifies": case.model.verifies,
            "file": case.shown_file,
        },
        device={
            "name": registration.name,
            "imei": registration.imei,
            "dvnuuid": registration.dvnuuid,
            "iccid": registration.iccid,
            "msisdn": registration.msisdn,
            "sim": registration.sim,
            "apn": bench.apn,
            "modem": bench.device.modem.port or f"virtual {bench.device.modem.family}",
            "firmware": _under_test(bench),
            "address": bench.network.address_of(registration.name),
        },
        assumed=[
            {"name": item.name, "value": item.value, "why": item.why}
            for item in bench.platform.assumptions()
        ],
    )
