"""Shared by all tests: pytest's fixture for testing plugins, and the same surroundings anywhere."""

import os
import signal

import hypothesis

pytest_plugins = ["pytester"]


def pytest_configure() -> None:
    """What the tests find, and what they start inherits, wherever and however they are run."""
    # A job that a shell puts in the background ignores Ctrl-C, and hands that on to everything it
    # starts; the tests that send Ctrl-C to their own processes mean those of a person.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # pytest keeps its cache there: all runs that tests start would share one, and what failed last.
    os.environ.pop("TOX_ENV_DIR", None)
    # A machine that is busy makes no test fail: nothing here is timed.
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")
