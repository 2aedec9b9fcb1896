"""Debian machines to test on, booted in a second."""
