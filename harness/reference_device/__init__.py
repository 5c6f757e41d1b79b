"""A small exemplary device firmware: a program that opens a serial port and nothing else.

``python -m harness.reference_device --help`` shows how it is started; ``device`` holds the main
loop and the console protocol. It uses pyserial and the standard library, and nothing of the
harness that judges it: what the two have in common are the documents they were written from.
"""
