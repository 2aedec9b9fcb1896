"""Small real RPMs, and dnf on this machine with a configuration of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SPEC = """\
Name: {name}
Version: {version}
Release: {release}
Summary: a thing
License: MIT
AutoReqProv: no
{tags}
%description
A thing.
%install
mkdir -p %{{buildroot}}/usr/share/{name}
echo "{content}" > %{{buildroot}}/usr/share/{name}/file
{commands}
%files
/usr/share/{name}
{files}
"""

QUIET = (
    "_build_name_fmt %%{NVRA}.rpm",
    "_buildhost test",
    "debug_package %{nil}",
    "__os_install_post %{nil}",
    "use_source_date_epoch_as_buildtime 1",
    "clamp_mtime_to_source_date_epoch 1",
)

PROVIDED = ("/bin/sh", "systemd = 252", "python3 = 3.9.18", *(f"libc.so.6(GLIBC_2.{n})(64bit)" for n in range(2, 35)))
"""What EL's own packages provide, in the words of ours."""

NOTHING: Mapping[str, Path] = {}


def make_rpm(
    directory: Path,
    name: str = "demo-thing",
    version: str = "1.0",
    release: str = "1.el9",
    *,
    machine: str = "noarch",
    content: str = "text",
    tags: Sequence[str] = (),
    files: Mapping[str, Path] = NOTHING,
) -> Path:
    """A real RPM, made by rpmbuild; the same for the same words. ``directory`` may have others.

    ``files`` are copied into it, by where they go.
    """
    directory.mkdir(parents=True, exist_ok=True)
    spec = directory / f"{name}.spec"
    words = {"name": name, "version": version, "release": release, "machine": machine, "content": content}
    lines = [*tags, *(["BuildArch: noarch"] if machine == "noarch" else [])]
    commands = [f"install -D -m 755 {source} %{{buildroot}}{path}" for path, source in files.items()]
    texts = {"tags": lines, "commands": commands, "files": list(files)}
    spec.write_text(SPEC.format(**{name: "\n".join(text) for name, text in texts.items()}, **words))
    places = (
        f"_topdir {directory}/top",
        f"_rpmdir {directory}",
        f"_dbpath {directory}/database",
        "_build_name_fmt %%{NVRA}.rpm",
    )
    definitions = [word for each in (*QUIET, *places) for word in ("--define", each)]
    command: list[str | Path] = ["rpmbuild", "-bb", "--nodeps", "--target", machine, *definitions, spec]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1790000000", "LC_ALL": "C.UTF-8", "HOME": str(directory)},
    )
    assert done.returncode == 0, done.stderr
    return directory / f"{name}-{version}-{release}.{machine}.rpm"


class Dnf:
    """dnf with one repository, and an installation root and cache below ``directory``."""

    def __init__(self, directory: Path, options: Mapping[str, str]) -> None:
        self._directory = directory
        for name in ("repos", "log", "root"):
            (directory / name).mkdir(parents=True)
        (directory / "dnf.conf").write_text("[main]\n")
        self.configure(options)

    def configure(self, options: Mapping[str, str]) -> None:
        """Have the repository these options."""
        lines = "".join(f"{name}={value}\n" for name, value in options.items())
        (self._directory / "repos/test.repo").write_text(f"[test]\nname=test\nmetadata_expire=0\n{lines}")

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run it."""
        places = {
            "reposdir": "repos",
            "cachedir": "cache",
            "persistdir": "persist",
            "logdir": "log",
            "varsdir": "vars",
        }
        options = [f"--setopt={name}={self._directory / place}" for name, place in places.items()]
        root = f"--installroot={self._directory / 'root'}"
        return subprocess.run(
            [
                "dnf",
                "-y",
                "-c",
                self._directory / "dnf.conf",
                root,
                "--releasever=9",
                "--forcearch=x86_64",
                *options,
                *words,
            ],
            check=False,
            capture_output=True,
            text=True,
        )


def differences(deb: Path, rpm: Path, work: Path) -> set[str]:
    """The files and links that two packages install with other modes, owners or contents, or that only one has.

    Documentation has a form of its own in each.
    """
    work.mkdir()
    ours, theirs = _of_rpm(rpm, work / "rpm"), _of_deb(deb, work / "deb")
    documentation = ("/usr/share/doc/", "/usr/share/lintian/")
    return {
        path
        for path in ours.keys() | theirs.keys()
        if ours.get(path) != theirs.get(path) and not path.startswith(documentation)
    }


def _of_deb(path: Path, into: Path) -> dict[str, tuple[str, str, bytes]]:
    subprocess.run(["dpkg-deb", "--extract", path, into], check=True)
    listed = subprocess.run(["dpkg-deb", "--contents", path], check=True, capture_output=True, text=True).stdout
    rows = (line.split(maxsplit=5) for line in listed.splitlines())
    files = {row[5].split(" -> ")[0][1:]: (row[0], row[1]) for row in rows if not row[0].startswith("d")}
    return {name: (*told, _content(into, name)) for name, told in files.items()}


def _of_rpm(path: Path, into: Path) -> dict[str, tuple[str, str, bytes]]:
    into.mkdir()
    cpio = subprocess.run(["rpm2cpio", path], check=True, capture_output=True).stdout
    subprocess.run(["cpio", "--quiet", "--extract", "--make-directories"], input=cpio, check=True, cwd=into)
    form = "[%{FILEMODES:perms}\t%{FILEUSERNAME}/%{FILEGROUPNAME}\t%{FILENAMES}\n]"
    command: list[str | Path] = ["rpm", "--query", "--package", "--queryformat", form, path]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = (line.split("\t") for line in listed.splitlines())
    files = {row[2]: (row[0], row[1]) for row in rows if not row[0].startswith("d")}
    return {name: (*told, _content(into, name)) for name, told in files.items()}


def _content(root: Path, name: str) -> bytes:
    path = root / name[1:]
    return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
