"""The RabbitMQ of this host through rabbitmqctl(8), and its confinement to the loopback. Passwords go by stdin."""

from __future__ import annotations

from pathlib import Path

from katctl import files, process, systemd
from katctl.errors import ToolFailed

MARK = "written by katctl; removed when the product is purged with its data"

BROKER = f"# {MARK}\nlisteners.tcp.1 = 127.0.0.1:5672\n"
FURTHER = "listeners.tcp.2 = {address}:5672\n"
ONLINE = f"# {MARK}\n[Unit]\nWants=network-online.target\nAfter=network-online.target\n"
"""An address of another interface than the loopback is not there at once."""
KERNEL = f"%% {MARK}\n[{{kernel, [{{inet_dist_use_interface, {{127,0,0,1}}}}]}}].\n"
NODE = f"# {MARK}\nNODENAME=rabbit@localhost\nexport ERL_EPMD_ADDRESS=127.0.0.1\n# end of what katctl wrote\n"
MAPPER = f"# {MARK}\n[Socket]\nListenStream=\nListenStream=127.0.0.1:4369\n"
"""epmd is started by systemd, which holds its socket."""

SERVER = "rabbitmq-server.service"
UNITS = (SERVER, "epmd.service", "epmd.socket")


class RabbitMQ:
    """The broker of this host; its configuration lies below ``root``/etc. Other hosts reach it at ``address``."""

    def __init__(self, root: Path = Path("/"), address: str = "") -> None:
        etc = root / "etc"
        self._online = etc / "systemd/system/rabbitmq-server.service.d/online.conf"
        self._address = address
        self.confinement = {
            etc / "rabbitmq/rabbitmq.conf": BROKER + (FURTHER.format(address=address) if address else ""),
            etc / "rabbitmq/advanced.config": KERNEL,
            etc / "systemd/system/epmd.socket.d/loopback.conf": MAPPER,
        }
        self._node = etc / "rabbitmq/rabbitmq-env.conf"

    @property
    def is_configured(self) -> bool:
        """Whether we confined it, or somebody configured it, which is then theirs to answer for."""
        return NODE in files.read(self._node) or any(path.exists() for path in self.confinement)

    @property
    def is_as_written(self) -> bool:
        """Whether what we wrote is what we would write now; true of what somebody else wrote."""
        texts = {path: files.read(path) for path in self.confinement}
        ours = all(MARK in text for text in texts.values())
        return not ours or texts == self.confinement

    @property
    def is_fresh(self) -> bool:
        """Whether nobody uses it yet: only then may its node get another name. Raises ToolFailed."""
        vhosts = self._ask("list_vhosts", "--no-table-headers").split()
        users = [line.split()[0] for line in self._ask("list_users", "--no-table-headers").splitlines()]
        return vhosts == ["/"] and users == ["guest"]

    def start(self) -> None:
        """Have it run. Raises ToolFailed."""
        systemd.start([SERVER])

    def confine(self) -> None:
        """Bind all to the loopback, the broker also to where others reach it, and restart it. Raises ToolFailed."""
        systemd.stop(UNITS)
        for path, text in self.confinement.items():
            files.write(path, text, mode=0o644)
        files.put(self._online, ONLINE if self._address else "", mode=0o644)
        before = files.read(self._node)
        if NODE not in before:
            self._node.write_text(f"{before}\n{NODE}")
        systemd.reload()
        systemd.start(["epmd.socket", SERVER])

    def provide(self, name: str, password: str) -> None:
        """A vhost and a user of that name, who may do everything there and nothing elsewhere. Raises ToolFailed."""
        self.start()
        self._ask("add_vhost", name)
        try:
            self._tell("add_user", name, password)
        except ToolFailed as error:
            if "already exists" not in (error.details or ""):
                raise
            self._tell("change_password", name, password)
        self._ask("set_permissions", "-p", name, name, ".*", ".*", ".*")

    def _ask(self, command: str, *words: str) -> str:
        return process.run(["rabbitmqctl", "--quiet", command, *words], patience=90)

    def _tell(self, command: str, name: str, password: str) -> None:
        """Without --quiet: newer ones read no password when there are other words than command and name."""
        process.run(["rabbitmqctl", command, name], stdin=f"{password}\n", patience=90)
