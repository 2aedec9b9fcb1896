"""Fetching measured against a plain copy: make bench-fetch."""
