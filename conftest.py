"""Lists the pytest plugins, so that they also work from a clone that was not installed."""

pytest_plugins = [
    "fixtures.rig",
    "fixtures.scenarios",
    "fixtures.clock",
    "fixtures.platform",
    "fixtures.modem",
    "fixtures.capture",
    "fixtures.report",
]
