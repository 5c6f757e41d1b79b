"""A firmware under test as a program: started, stimulated, watched, and reaped for certain."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from json import dumps

from harness.clock import Deadline, pause
from harness.errors import DutError, RigError, UsageError
from harness.evidence import Recorder
from harness.leash import leashed
from harness.rig.console import Console
from harness.rig.dut import Seen, UplinkOrder, switched_off
from harness.rig.models import FirmwareModel

READY_WITHIN_S = 15.0
STOP_WITHIN_S = 2.0
SMS_WITHIN_S = 3.0
LAST_WORDS_S = 5.0
_LOOK_S = 0.01


class FirmwareDied(DutError):
    """The firmware program ended on its own: its exit or crash is a verdict."""

    blame = "device"


class FirmwareNotReady(DutError):
    """The firmware program did not get ready in time."""

    blame = "device"


class FirmwareDut:
    """A :class:`~harness.rig.dut.Dut` that is a program at the far end of the modem's serial port.

    ``modem_power(on)`` switches its modem, as a board's power rail would; ``places`` fills the
    placeholders of its command line and environment.
    """

    def __init__(
        self,
        name: str,
        firmware: FirmwareModel,
        places: Mapping[str, str],
        *,
        recorder: Recorder,
        modem_power: Callable[[bool], None],
    ) -> None:
        self.name = name
        self.seen = Seen()
        self._firmware = firmware
        self._places = dict(places)
        self._recorder = recorder
        self._modem_power = modem_power
        self._process: subprocess.Popen[bytes] | None = None
        self._console: Console | None = None
        self._last_exit: int | None = None
        self._heard_out = False

    def power_on(self, *, attach: bool = True) -> None:
        if self._process is not None:
            return
        self._modem_power(True)
        self._recorder.record(f"device:{self.name}", "power", state="on", how="program started")
        self._start()
        if attach:
            self._await_ready()

    def _start(self) -> None:
        command = [self._fill(part) for part in self._firmware.command]
        if command[0] in ("python", "python3"):
            command[0] = sys.executable
        self._check_exists(command[0])
        environment = {k: self._fill(v) for k, v in self._firmware.env.items()}
        try:
            process = subprocess.Popen(
                leashed(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **environment},
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise RigError(f"cannot start a process: {error.strerror}") from error
        self._process = process
        self._last_exit = None
        self._heard_out = False
        console = Console(
            f"device:{self.name}",
            self._recorder,
            events=self._firmware.console == "json",
            seen=self.seen,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        console.follow(process.stdout, "stdout")
        console.follow(process.stderr, "stderr")
        self._console = console

    @staticmethod
    def _check_exists(program: str) -> None:
        if shutil.which(program) is None:
            raise RigError(
                f"cannot start the firmware {program!r}: there is no such program that may be "
                "run; check `firmware: command` in the rig file"
            )

    def _fill(self, text: str) -> str:
        for name, value in self._places.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _await_ready(self) -> None:
        pattern = self._firmware.ready
        if pattern is None or self._console is None:
            return
        span = self._firmware.ready_within
        within = span.total_seconds() if span is not None else READY_WITHIN_S
        if self._console.wait_for(pattern, Deadline.after(within), alive=self._alive):
            return
        self._raise_if_dead()
        last = self._console.lines[-1:] or ["it printed nothing"]
        raise FirmwareNotReady(
            f"the firmware was not ready within {within:g} s; the last it said: {last[0]}"
        )

    def _alive(self) -> bool:
        return self._process is not None and _ended(self._process) is None

    def _raise_if_dead(self) -> None:
        death = self.death()
        if death is not None:
            raise FirmwareDied(death)

    def death(self) -> str | None:
        code = self.exit_code()
        if code is None:
            return None
        if self._console is not None and not self._heard_out:
            # What it said last is read by other threads; its children may hold the console open.
            self._console.join(Deadline.after(LAST_WORDS_S))
            self._heard_out = True
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        last = self._console.lines[-1:] if self._console is not None else []
        said = f"; the last it said: {last[0]}" if last else ""
        return f"the firmware ended {how}{said}"

    def power_off(self, *, abrupt: bool = False) -> None:
        how = "killed" if abrupt else "terminated"
        self._stop(abrupt=abrupt)
        self._modem_power(False)
        self._recorder.record(f"device:{self.name}", "power", state="off", how=f"program {how}")

    def reset(self) -> None:
        self.power_off(abrupt=True)
        self.power_on()

    def radio(self, *, on: bool) -> None:
        raise UsageError("the radio belongs to the firmware; this step needs a scripted device")

    def report(self, order: UplinkOrder) -> None:
        self._raise_if_dead()
        if self._process is None:
            raise switched_off(self.name)
        if self._firmware.report is None:
            raise UsageError("the rig does not say how to make this firmware report")
        fields: dict[str, object] = {}
        if order.records is not None:
            fields["records"] = [record.labels() for record in order.records]
        if order.base_time is not None:
            fields["bt"] = order.base_time
        line = self._firmware.report.replace("{order}", dumps(fields) if fields else "")
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(line.rstrip().encode("utf-8") + b"\n")
        except OSError as error:
            self._raise_if_dead()
            raise FirmwareDied(f"the firmware no longer reads its console: {error}") from error

    def drain(self, timeout_s: float = 0.0) -> None:
        """Nothing to process here: the program reads its own line."""
        del timeout_s

    def sms_reached_modem(self, before: int) -> None:
        if self._console is None or self._firmware.console != "json":
            return
        self._console.wait_until(
            lambda: len(self.seen.sms) > before, Deadline.after(SMS_WITHIN_S), alive=self._alive
        )

    def exit_code(self) -> int | None:
        if self._process is None:
            return self._last_exit
        return _ended(self._process)

    def close(self) -> None:
        self._stop(abrupt=False)

    def _stop(self, *, abrupt: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        ended_by_itself = _ended(process)
        span = self._firmware.stop_within
        patience = span.total_seconds() if span is not None else STOP_WITHIN_S
        if ended_by_itself is None and not abrupt:
            os.kill(process.pid, signal.SIGTERM)
            deadline = Deadline.after(patience)
            while _ended(process) is None and not deadline.expired:
                pause(min(_LOOK_S, deadline.left()))
        # Its children too: the program was started as the leader of a session of its own.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        if self._console is not None:
            self._console.join(Deadline.after(2.0))
        if ended_by_itself is not None:
            self._last_exit = ended_by_itself
        code = process.returncode
        self._recorder.record(
            f"device:{self.name}",
            "device.exit",
            code=code if code >= 0 else None,
            signal=signal.Signals(-code).name if code < 0 else None,
        )


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code of a program that has ended, as :class:`subprocess.Popen` gives it.

    It is left to be waited for: until then its number, which is that of its group too, is nobody
    else's, whom killing that group would hit.
    """
    if process.returncode is not None:
        return process.returncode
    found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if found is None:
        return None
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
