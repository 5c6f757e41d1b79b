"""Programs that drive a modem with a library of others and print what they saw as JSON.

Each runs in a process of its own, with the interpreter that has the library; none imports anything
of the harness.
"""
