"""The clients of an archive: this machine's apt, and that of another Debian release in its root directory."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONFIG = """\
Dir "{directory}";
Dir::State::status "{directory}/status";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
Acquire::Check-Date "true";
Acquire::Check-Valid-Until "true";
Acquire::Languages "none";
Acquire::http::Proxy "DIRECT";
Acquire::Retries "0";
"""
SOURCES = """\
Types: deb
URIs: {uri}
Suites: {suites}
Components: {components}
Signed-By: {directory}/key.asc
"""
INSIDE = """\
mount --bind "$1" "$2/mnt"
mount --rbind /dev "$2/dev"
root=$2; shift 2
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
"""
DIRECTORIES = (
    *(f"etc/apt/{name}.d" for name in ("apt.conf", "preferences", "sources.list")),
    "var/lib/apt/lists/partial",
    "var/cache/apt/archives/partial",
    "here",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An apt that knows of one archive and of nothing else; whatever it keeps is below ``directory``."""

    directory: Path
    inside: Path | None = None
    """The root directory of another release, of which the programs are; it is not written to."""

    @property
    def home(self) -> Path:
        """``directory`` as the programs see it."""
        return Path("/mnt") if self.inside else self.directory

    def follow(
        self, uri: str, key: Path, *, suites: str = "bookworm", components: str = "main", architecture: str = "amd64"
    ) -> None:
        """Begin, or begin anew: with an archive and no list of it."""
        shutil.rmtree(self.directory, ignore_errors=True)
        for name in DIRECTORIES:
            (self.directory / name).mkdir(parents=True)
        (self.directory / "status").touch()
        shutil.copy2(key, self.directory / "key.asc")
        config = CONFIG.format(directory=self.home, architecture=architecture)
        (self.directory / "apt.conf").write_text(config)
        sources = SOURCES.format(uri=uri, suites=suites, components=components, directory=self.home)
        (self.directory / "etc/apt/sources.list.d/ours.sources").write_text(sources)

    def run(self, *words: str) -> str:
        """What one of apt's programs prints; it works in the directory ``here``. Raises with what it says when it
        fails.
        """
        command = [
            "env",
            f"--chdir={self.home}/here",
            f"APT_CONFIG={self.home}/apt.conf",
            "LC_ALL=C.UTF-8",
            f"HOME={self.home}",
            *words,
        ]
        if self.inside:
            unshare = ["unshare", "--mount", "--propagation=private", "sh", "-euc", INSIDE, "sh"]
            command = [*unshare, str(self.directory), str(self.inside), *command]
        done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def update(self) -> None:
        """Get the lists. A warning is a failure."""
        said = self.run("apt-get", "update", "--error-on=any")
        assert "W:" not in said, said

    def lists(self, end: str) -> bytes:
        """The one list whose name ends so, as it is kept."""
        (path,) = (self.directory / "var/lib/apt/lists").glob(f"*{end}")
        return path.read_bytes()

    def downloaded(self) -> list[bytes]:
        """The files in ``here``."""
        return [path.read_bytes() for path in sorted((self.directory / "here").iterdir())]
