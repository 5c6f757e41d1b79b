"""``python -m harness`` and the script ``hil``: a command as a process, from its first moment."""

import signal
import sys

INTERRUPTED = 130  # as a shell says it: 128 + SIGINT


def main() -> int:
    """Run the command that the command line names, and return its exit code."""
    # Nothing has to be closed yet, and imports would show where they were interrupted.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from harness.cli.main import main as command
    from harness.cli.signals import drop_signals, take_signals

    try:
        code = command(before_it_runs=take_signals)
        drop_signals()
    except KeyboardInterrupt:  # just before or after it
        drop_signals()
        code = INTERRUPTED
    except BaseException:
        drop_signals()
        raise
    return code


if __name__ == "__main__":
    sys.exit(main())
