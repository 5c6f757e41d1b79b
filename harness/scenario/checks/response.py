"""What the device saw of the platform's answer; how a firmware program ended."""

from __future__ import annotations

from harness.rig.dut import UplinkResult
from harness.scenario.checks.refused import or_refused
from harness.scenario.expect_model import ExitExpectation, ResponseExpectation
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def check_response(stage: Stage, want: ResponseExpectation) -> Mismatch | None:
    """RESP-*: the newest report, as the device itself saw it end."""
    results = stage.bench.dut.seen.results
    if not results:
        return Mismatch("an answer to a report", "the device has finished no report yet")
    result = results[-1]
    if want.status is not None and not _status_fits(want.status, result.status):
        mismatch = Mismatch(f"the device to read status {want.status}", _show(result))
        accepted = str(want.status).startswith("2")
        return or_refused(stage, mismatch, result.status) if accepted else mismatch
    if want.error is not None:
        error = result.error or "none"
        if error != want.error and not (want.error == "any" and error != "none"):
            return Mismatch(f"the exchange to end with error {want.error}", _show(result))
    if want.attempts is not None and result.attempts != want.attempts:
        return Mismatch(f"{want.attempts} attempts by the device", _show(result))
    return None


def _status_fits(want: int | str, status: int | None) -> bool:
    if status is None:
        return False
    return status == want if isinstance(want, int) else status // 100 == int(want[0])


def _show(result: UplinkResult) -> str:
    ended = f"status {result.status}" if result.status is not None else f"error {result.error}"
    return f"{ended} after {result.attempts} attempt{'s' if result.attempts != 1 else ''}"


def check_exit(stage: Stage, want: ExitExpectation) -> Mismatch | None:
    """How the firmware program ended, or that it is still running."""
    code = stage.bench.dut.exit_code()
    seen = "running" if code is None else code
    if seen == want.code:
        return None
    shown = "it is running" if code is None else f"it ended with exit code {code}"
    wanted = "running" if want.code == "running" else f"ended with exit code {want.code}"
    return Mismatch(f"the firmware to be {wanted}", shown)
