"""Hardware-in-the-loop test harness for devices on the KPN Things platform.

`hil run` imports this package before it starts pytest, which would otherwise warn that it came too
late to rewrite its assertions: PYTEST_DONT_REWRITE.
"""

__version__ = "0.1.0"
