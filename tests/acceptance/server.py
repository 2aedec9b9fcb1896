"""A server with PostgreSQL, RabbitMQ and the demo on it, and how one looks at it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from scripts.lab.archive import install_keyring
from scripts.lab.machine import Machine
from scripts.lab.roots import SERVER, debian_root
from tests.conftest import Published

PORT = 8099
ANSWERS = """
kat-common kat/host-name string kat.example.org
kat-common kat/admin-email string admin@example.org
"""

HIDDEN = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh")
"""What makes a command see neither systemd nor its sockets, as in a chroot."""

EVERY_PATH = """
find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \\
    -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /root \\
    -o -path /var/lib/postgresql -o -path /var/lib/rabbitmq \\) -prune -o -print | sort
"""


class Server(Machine):
    """A booted Debian of the release of ``published``, which reaches that archive."""

    def __init__(self, published: Published, name: str, packages: Sequence[str] = SERVER) -> None:
        self._published = published
        super().__init__(debian_root(published.codename, packages), f"{name}-{published.codename}")

    def install(self, answers: str = ANSWERS, *wanted: str, is_chroot: bool = False) -> None:
        """Trust the archive, and ``apt install kat``, or what is ``wanted``, with these answers to its questions; where
        no systemd is seen, if it is as in a chroot.
        """
        self.trust()
        self.shell(f"debconf-set-selections <<'END'\n{answers}END")
        self.run(*(HIDDEN if is_chroot else ()), "apt-get", "install", "--yes", *(wanted or ("kat",)))

    def trust(self) -> None:
        """Reach the archive, and trust it."""
        self.before = self.paths()
        project = self._published.definition.project
        self.serve(project.publish.store, PORT)
        install_keyring(self, project, self._published.codename)

    def paths(self) -> frozenset[str]:
        """Everything that is there, but for what changes by itself."""
        return frozenset(self.shell(EVERY_PATH).splitlines())

    def version(self, package: str) -> str:
        """The installed one."""
        return self.says("dpkg-query", "--show", "--showformat=${Version}", package)

    def upgrade(self) -> str:
        """What apt says to an upgrade; nobody may be asked, and dpkg is content in the end."""
        self.run("apt-get", "update", "--error-on=any")
        said = self.run("apt-get", "upgrade", "--yes").stdout
        assert "Configuration file" not in said
        assert self.says("dpkg", "--audit") == ""
        return said

    @property
    def is_healthy(self) -> bool:
        """Whether katctl says so, and systemd too."""
        failed = self.run("systemctl", "--failed", "--no-legend", "--plain").stdout
        return not failed and self.run("katctl", "health", check=False).returncode == 0

    def assert_healthy(self) -> None:
        """The same, with the reason why not."""
        assert self.says("systemctl", "--failed", "--no-legend", "--plain") == ""
        done = self.run("katctl", "health", check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def main_pid(self, service: str) -> str:
        """The process of a service."""
        return self.says("systemctl", "show", "--property=MainPID", "--value", f"{service}.service")

    def notes(self) -> list[str]:
        """All notes that are kept."""
        found: list[str] = json.loads(self.wait_for("http://127.0.0.1:8088/notes"))
        return found

    def leave_note(self, text: str) -> None:
        """By way of the broker, the worker, the shared token and the database."""
        self.run("kat-note", text)
        self.wait_for("http://127.0.0.1:8088/notes", contains=text)
