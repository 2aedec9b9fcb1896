"""A cable between two machines: nobody else, this host included, is on it."""

from __future__ import annotations

import subprocess

from scripts.lab.machine import Machine

NETWORK = "10.77.0"
FIRST, SECOND = f"{NETWORK}.1", f"{NETWORK}.2"


def link(first: Machine, second: Machine) -> None:
    """Give ``first`` the address FIRST and ``second`` SECOND, on a pair of interfaces that ends with either."""
    ends = [*("ip", "link", "add", "name", "cable", "type", "veth"), *("peer", "name", "cable", "netns")]
    _inside(first, *ends, str(second.leader))
    for machine, address in ((first, FIRST), (second, SECOND)):
        _inside(machine, "ip", "address", "add", f"{address}/24", "dev", "cable")
        _inside(machine, "ip", "link", "set", "cable", "up")


def _inside(machine: Machine, *argv: str) -> None:
    """With this host's ip(8): a machine has none. Raises CalledProcessError."""
    subprocess.run(["nsenter", "-t", str(machine.leader), "-n", "--", *argv], check=True, capture_output=True)
