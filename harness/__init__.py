"""Hardware-in-the-loop test harness for devices on the KPN Things platform."""

__version__ = "0.1.0"
