"""Shared by all tests: pytest's fixture for testing plugins, and signals as a person has them."""

import signal

import hypothesis

pytest_plugins = ["pytester"]


def pytest_configure() -> None:
    """A job that a shell puts in the background ignores Ctrl-C, and hands that on to everything it
    starts; the tests that send Ctrl-C to their own processes mean those of a person."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # A machine that is busy makes no test fail: nothing here is timed.
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")
