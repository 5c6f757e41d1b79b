"""Firmware over the air: offers, and the file server that devices fetch them from in parts."""
