"""What asks a command to end, at whatever moment it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent

import pytest

from harness.cli.signals import Ending, on_signals
from harness.clock import Deadline, pause
from tests.ready import facts_of

ROOT = Path(__file__).parents[2]


def python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program as a process of its own: a signal may end it."""
    return subprocess.run(
        [sys.executable, "-c", dedent(program)],
        cwd=folder, env={**os.environ, "PYTHONPATH": f"{ROOT}:{folder}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_asking_never_waits_for_who_is_asked(tmp_path: Path) -> None:
    """Signals hit the waiting thread at every place of its wait, and nothing is stuck."""
    done = python(
        """
        import signal
        from harness.cli.signals import Ending

        ending = Ending()
        signal.signal(signal.SIGALRM, lambda *_: ending.ask())
        for number in range(5000):
            ending.asked = False
            signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + number % 97))
            while not ending.wait(1e-3):
                pass
        print("free")
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, "free\n"), done.stderr


def test_ending_tells_who_came_late() -> None:
    """What was asked for before is told as soon as there is somebody to tell."""
    ending, told = Ending(), threading.Event()
    assert not ending.wait(0.0)
    ending.ask()
    ending.tells(told.set)
    assert told.is_set()
    assert ending.wait(10.0)


def test_a_hang_up_that_is_ignored_stays_so() -> None:
    """Under nohup(1) a server outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with on_signals((signal.SIGHUP,), lambda: pytest.fail("it was taken")):
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGINT", 130, "hil: stopped\n"), ("SIGTERM", 143, ""),
                               ("SIGHUP", 129, "")],
)  # fmt: skip
def test_what_is_open_gets_closed(name: str, code: int, said: str, tmp_path: Path) -> None:
    """Once, though the signal comes again meanwhile; the exit code is what a shell makes of it."""
    (tmp_path / "slow.py").write_text(
        dedent(f"""
        import signal

        EXAMPLE, CLOSED = "", []

        def add_arguments(parser): pass

        def run(arguments):
            try:
                signal.raise_signal(signal.{name})
            finally:
                signal.raise_signal(signal.{name})
                signal.raise_signal(signal.{name})
                print("closed")
        """)
    )
    done = python(
        """
        import sys
        from harness.cli.main import COMMANDS
        from harness.__main__ import main

        COMMANDS["slow"] = ("slow", "")
        sys.argv = ["hil", "slow"]
        sys.exit(main())
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "closed\n", said)


def test_no_module_is_left_half_imported(tmp_path: Path) -> None:
    """Who imports while Ctrl-C comes is interrupted after it: exceptions are swallowed there."""
    (tmp_path / "imported.py").write_text(
        "import signal\n"
        "try:\n    signal.raise_signal(signal.SIGINT)\n    WHOLE = True\n"
        "except BaseException:\n    WHOLE = False\n"
    )
    done = python(
        """
        import signal
        from harness.cli.signals import take_signals

        take_signals()
        try:
            import imported
            while True:
                signal.pause()
        except KeyboardInterrupt:
            print(imported.WHOLE)
        """,
        tmp_path,
    )
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize("module", ["harness.cli.main", "harness.cli.serve"])
def test_ctrl_c_while_a_command_is_imported(module: str, tmp_path: Path) -> None:
    """It ends by the signal, as any program does, and says nothing."""
    done = python(
        f"""
        import os, signal, sys

        class Impatient:
            def find_spec(self, name, path=None, target=None):
                if name == "{module}":
                    os.kill(os.getpid(), signal.SIGINT)

        sys.meta_path.insert(0, Impatient())
        sys.argv = ["hil", "serve", "--devices", "devices.yaml"]
        from harness.__main__ import main

        sys.exit(main())
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_server_that_is_told_again_and_again(number: signal.Signals, tmp_path: Path) -> None:
    """It ends as when told once: exit 0, and nothing is left of it."""
    devices, ready = tmp_path / "devices.yaml", tmp_path / "ready.json"
    devices.write_text('devices:\n  tracker-1: {imei: "356726104408422"}\n')
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "serve", "--devices", devices, "--ready", ready,
         "--control", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        facts_of(process, ready)
        deadline = Deadline.after(60)
        while process.poll() is None and not deadline.expired:
            process.send_signal(number)
            pause(0.001)
        assert process.communicate(timeout=60)[1] == ""
    finally:
        process.kill()
        process.wait(60)
    assert process.returncode == 0
    assert list(temporary.iterdir()) == []
