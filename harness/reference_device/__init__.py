"""A small exemplary device firmware: a program that opens a serial port and nothing else."""
