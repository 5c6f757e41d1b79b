"""Runs one case on one bench and says what it came to."""

from __future__ import annotations

from dataclasses import replace

from harness.clock import Deadline
from harness.errors import DutError, HilError, RigError, UsageError
from harness.evidence import Recorder
from harness.line import AtTimeout, OutOfStep
from harness.rig.bench import Bench
from harness.scenario.actions import perform
from harness.scenario.checks import first_match, first_mismatch
from harness.scenario.expect_model import ExpectModel, NeverModel
from harness.scenario.load import Case
from harness.scenario.requirements import requirements
from harness.scenario.stage import DEFAULT_TIMEOUT_S, DEFAULT_WITHIN_S, ScenarioTimeout, Stage
from harness.scenario.verdict import Blame, ExpectationFailed, Mismatch, Verdict

AFTER_DEATH_S = 1.0


def run_case(case: Case, bench: Bench) -> Verdict:
    """Perform all steps in order; the verdict is recorded on the bench's timeline.

    Never raises for what a scenario can bring about; only ``KeyboardInterrupt`` and its kind pass.
    """
    timeout = case.model.timeout
    seconds = timeout.total_seconds() if timeout is not None else DEFAULT_TIMEOUT_S
    stage = Stage(case, bench, Deadline.after(seconds))
    verdict = _judged(stage)
    record_verdict(verdict, bench.timeline)
    return verdict


def _judged(stage: Stage) -> Verdict:
    case, bench = stage.case, stage.bench
    index: int | None = None
    try:
        for index in range(len(case.model.steps)):
            _run_step(stage, index)
        index = None
        _check_watches(stage)
        stage.check_time()
        return Verdict("passed", requirements=tuple(case.model.verifies))
    except HilError as error:
        # What the bench itself lost explains what the device then did or did not do.
        return judge(bench.trouble() or error, case, index, bench.device.name)
    except Exception as error:  # a defect of ours: it becomes the verdict, with its name
        return judge_defect(error, bench.timeline, index)


def record_verdict(verdict: Verdict, timeline: Recorder) -> None:
    """Put a verdict on the timeline; of several, the last is in force."""
    timeline.record(
        "scenario",
        "verdict",
        outcome=verdict.outcome,
        message=verdict.message,
        requirements=verdict.requirements,
        blame=verdict.blame,
        step=verdict.step,
        expected=verdict.expected,
        seen=verdict.seen,
    )


def judge_defect(error: Exception, timeline: Recorder, step: int | None) -> Verdict:
    """An error that nobody raised on purpose is ours; its traceback goes to the timeline."""
    timeline.record("harness", "note", text=_traceback(error))
    return Verdict("harness error", f"{type(error).__name__}: {error}", blame="harness", step=step)


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


def judge(error: HilError, case: Case, step: int | None, device: str = "") -> Verdict:
    """Whose doing it was: the bench's, the modem's, the device's, the scenario's, or ours.

    A silence on the line that no device was asked about is the bench's: power, cable, baud rate.
    """
    verified = tuple(case.model.verifies)
    if isinstance(error, ExpectationFailed):
        broken = error.requirements or verified
        return Verdict(
            "failed",
            str(error),
            broken,
            error.mismatch.blame or _blame(broken),
            step,
            error.mismatch.expected,
            error.mismatch.seen,
        )
    if isinstance(error, RigError):
        return Verdict("rig error", str(error), (), "rig", step)
    if isinstance(error, AtTimeout | OutOfStep):
        return Verdict("rig error", f"{device}: {error}", (), "rig", step)
    if isinstance(error, ScenarioTimeout):
        return Verdict("failed", str(error), verified, "device", step)
    if isinstance(error, DutError):
        blame: Blame = getattr(error, "blame", "modem")
        broken = getattr(error, "requirements", ()) or verified
        return Verdict("failed", str(error), tuple(broken), blame, step)
    if isinstance(error, UsageError) and step is None:  # before the first step: the rig file's
        return Verdict("rig error", f"the rig cannot be used: {error}", (), "rig")
    if isinstance(error, UsageError):
        return Verdict(
            "scenario error", f"the scenario cannot be run: {error}", (), "scenario", step
        )
    return Verdict("harness error", str(error), (), "harness", step)


def _blame(broken: tuple[str, ...]) -> Blame:
    """The device when any broken requirement is its own; the platform when none is."""
    known = requirements()
    whos = {who for name in broken if name in known for who in known[name].who.split(", ")}
    return "device" if "dev" in whos or not whos else "platform"


def _run_step(stage: Stage, index: int) -> None:
    step = stage.case.model.steps[index]
    timeline = stage.bench.timeline
    line, _ = stage.case.step_lines(index)
    text = stage.case.step_text(index)
    timeline.record("scenario", "step.start", index=index, line=line, text=text)
    try:
        stage.check_time()
        action = step.action
        if isinstance(action, ExpectModel):
            await_expectation(stage, action)
        elif isinstance(action, NeverModel):
            _forbid(stage, index, action)
        else:
            perform(stage, action)
        _check_watches(stage)
    except BaseException as error:
        timeline.record(
            "scenario", "step.end", index=index, line=line, outcome="failed", message=str(error)
        )
        raise
    timeline.record("scenario", "step.end", index=index, line=line, outcome="ok", message="")


def await_expectation(stage: Stage, expectation: ExpectModel) -> None:
    """Wait until the expectation holds. Raises :class:`ExpectationFailed` at its deadline.

    When nothing is in flight any more, nothing more can come: the wait ends at once. It ends soon
    when the firmware has died, and the message says so.
    """
    within = expectation.within
    deadline = stage.limit(within.total_seconds() if within is not None else DEFAULT_WITHIN_S)
    death: str | None = None
    while True:
        quiet = stage.bench.quiet()  # asked before looking: what was in flight is then seen
        last = deadline.expired  # so is this: what came while the machine was busy still counts
        mismatch = first_mismatch(stage, expectation)
        if mismatch is None:
            return
        if death is None:
            death = stage.bench.dut.death()
            if death is not None:  # what it sent before may still be on its way
                deadline = deadline.no_later_than(Deadline.after(AFTER_DEATH_S))
        if quiet or last or mismatch.final:
            if death is not None:
                mismatch = replace(mismatch, seen=f"{mismatch.seen}; {death}")
            broken = expectation.proves or mismatch.requirements
            raise ExpectationFailed(mismatch, mismatch.requirements if mismatch.cause else broken)
        stage.check_bench()  # the scenario's own time ends no sooner, and a last look says more
        stage.wait_for_change(deadline)


def _forbid(stage: Stage, index: int, unwanted: NeverModel) -> None:
    stage.watches.append((index, unwanted))
    if unwanted.during is None:
        return
    deadline = stage.limit(unwanted.during.total_seconds())
    while not deadline.expired and not stage.bench.quiet():
        _check_watches(stage)
        stage.wait_for_change(deadline)


def _check_watches(stage: Stage) -> None:
    for index, unwanted in stage.watches:
        kind = first_match(stage, unwanted)
        if kind is not None:
            line, _ = stage.case.step_lines(index)
            raise ExpectationFailed(
                Mismatch(f"never to see this {kind} (line {line})", "it was seen"),
                unwanted.proves,
            )
