"""The releases that are known without being told: the lowest layer of every definition."""

from __future__ import annotations

BUILT_IN: dict[str, dict[str, str]] = {
    "bookworm": {
        "distribution": "debian",
        "version": "12",
        "python": "3.11",
        "glibc": "2.36",
        "compression": "xz",
    },
    "trixie": {
        "distribution": "debian",
        "version": "13",
        "python": "3.13",
        "glibc": "2.41",
        "compression": "xz",
    },
    "jammy": {
        "distribution": "ubuntu",
        "version": "22.04",
        "python": "3.10",
        "glibc": "2.35",
        "compression": "zstd",
    },
    "noble": {
        "distribution": "ubuntu",
        "version": "24.04",
        "python": "3.12",
        "glibc": "2.39",
        "compression": "zstd",
    },
    "el9": {
        "distribution": "el",
        "version": "9",
        "python": "3.12",
        "glibc": "2.34",
        "format": "rpm",
        "compression": "zstd",
    },
    "fedora42": {
        "distribution": "fedora",
        "version": "42",
        "python": "3.13",
        "glibc": "2.41",
        "format": "rpm",
        "compression": "zstd",
    },
}
"""By codename; ``[release.CODENAME]`` in katpkg.toml changes them and adds others."""
