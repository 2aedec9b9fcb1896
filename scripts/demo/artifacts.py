"""Make the demo's artifacts as CI jobs would: ``artifacts.py DIRECTORY``.

Two zips of a wheel and hashed locks (real software, by uv), a foreign .deb with a virtual environment as dh-virtualenv
makes them, a tarball of files, and a .deb that is published as it is. What is there already is not made again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from uv import find_uv_bin

WHEELS = {
    "kinto": ("26.5.0", ("psycopg2-binary", "sqlalchemy", "transaction", "zope-sqlalchemy")),
    "flower": ("2.0.1", ()),
}
"""Real software: its version, and what its lock holds besides what it asks for."""

OWN = {"notes": ("1.1", ("psycopg2-binary",)), "courier": ("1.0", ("pika",))}
"""Small software that is written here: the same."""

RELEASES = {"bookworm": ("3.11", "2_36"), "trixie": ("3.13", "2_40")}
FILES = Path(__file__).parent / "files"
MOMENT = 1_790_000_000
ZIP_MOMENT = (2026, 9, 21, 14, 13, 20)


def main() -> None:
    """Make what is missing in the directory that the command line names."""
    into = Path(sys.argv[1])
    into.mkdir(parents=True, exist_ok=True)
    for name, (version, besides) in WHEELS.items():
        make(into / f"{name}-{version}.zip", partial(wheel, name, version, besides))
    for name, (version, needs) in OWN.items():
        make(into / f"{name}-{version}.zip", partial(own_wheel, FILES / name, version, needs))
    for codename, (python, _) in RELEASES.items():
        make(into / f"kat-hello_1.2.0~rc1_{codename}.zip", partial(hello, python))
    make(into / "page-1.0.tar.gz", page)
    make(into / "demo-greeting_1.0-1_all.deb", greeting)


def make(path: Path, how: Callable[[Path, Path], None]) -> None:
    """Call ``how`` with an empty directory and ``path``, unless that is there; it appears whole or not at all."""
    if path.exists():
        return
    print(f"    {path.name}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="artifact-", dir=path.parent) as work:
        made = Path(work) / path.name
        how(Path(work), made)
        made.replace(path)


def wheel(name: str, version: str, besides: tuple[str, ...], work: Path, path: Path) -> None:
    """A zip of the wheel of ``name`` and of a lock of its dependencies for each Python."""
    tree = work / "tree"
    tree.mkdir()
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    run([*pip, "--dest", tree, f"{name}=={version}"])
    lock_for_each(tree, work, (f"{name}=={version}", *besides))
    zip_up(tree, path)


def own_wheel(package: Path, version: str, needs: tuple[str, ...], work: Path, path: Path) -> None:
    """The same of a package that is written here."""
    tree = work / "tree"
    tree.mkdir()
    pack_wheel(package, version, needs, tree)
    lock_for_each(tree, work, needs)
    zip_up(tree, path)


def pack_wheel(package: Path, version: str, needs: tuple[str, ...], into: Path) -> None:
    """A wheel of the directory ``package``."""
    info = f"{package.name}-{version}.dist-info"
    requires = "".join(f"Requires-Dist: {each}\n" for each in needs)
    files = {
        **{f"{package.name}/{file.name}": file.read_bytes() for file in sorted(package.glob("*.py"))},
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package.name}\nVersion: {version}\n{requires}".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {name: urlsafe_b64encode(sha256(content).digest()).rstrip(b"=") for name, content in files.items()}
    record = [f"{name},sha256={digests[name].decode()},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(into / f"{package.name}-{version}-py3-none-any.whl", "x") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_MOMENT), content)


def lock_for_each(tree: Path, work: Path, wanted: tuple[str, ...]) -> None:
    """A lock of ``wanted`` and all that it needs, for each Python."""
    for python, glibc in RELEASES.values():
        lock = tree / f"requirements-{python}.txt"
        (work / "in").write_text("".join(f"{each}\n" for each in wanted))
        uv = [find_uv_bin(), "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-config"]
        target = ["--python-version", python, "--python-platform", f"x86_64-manylinux_{glibc}"]
        flags = ["--generate-hashes", "--only-binary", ":all:", "--no-emit-index-url", "--no-emit-find-links"]
        run([*uv, *flags, *target, "--python", "/usr/bin/python3", "--output-file", lock, work / "in"])


def hello(python: str, work: Path, path: Path) -> None:
    """A zip of a .deb with an interpreter copied in, a unit of its own and an account made in postinst."""
    tree = work / "deb"
    venv = tree / "opt/venvs/kat-hello"
    packages = venv / f"lib/python{python}/site-packages"
    shutil.copytree(FILES / "hello", packages / "hello")
    (venv / "bin").mkdir()
    for name in ("python", "python3", f"python{python}"):
        shutil.copy("/usr/bin/python3", venv / "bin" / name)
    (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}.0\n")
    shutil.copytree(FILES / "hello-debian", tree, dirs_exist_ok=True)
    (tree / "DEBIAN/postinst").chmod(0o755)
    zipped = work / "zip"
    zipped.mkdir()
    build_deb(tree, zipped / "kat-hello_1.2.0~rc1_amd64.deb")
    zip_up(zipped, path)


def page(_work: Path, path: Path) -> None:
    """A tarball of a directory of static files."""
    with tarfile.open(path, "w:gz") as tar:
        tar.add(FILES / "page", ".", filter=ordinary)


def greeting(work: Path, path: Path) -> None:
    """A .deb that is fine as it is."""
    tree = work / "deb"
    shutil.copytree(FILES / "greeting", tree)
    build_deb(tree, path)


def build_deb(tree: Path, path: Path) -> None:
    """Pack ``tree`` with its DEBIAN directory."""
    run(["env", f"SOURCE_DATE_EPOCH={MOMENT}", "dpkg-deb", "--root-owner-group", "-Zxz", "--build", tree, path])


def zip_up(tree: Path, path: Path) -> None:
    """Pack ``tree`` into a zip, sorted and dated as ever."""
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(tree.rglob("*")):
            if file.is_file():
                info = zipfile.ZipInfo(str(file.relative_to(tree)), ZIP_MOMENT)
                info.external_attr = 0o100644 << 16
                archive.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED)


def ordinary(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """``info`` of nobody in particular, dated as ever."""
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mtime = MOMENT
    return info


def run(command: list[str | Path]) -> None:
    """Run ``command``; its errors are this program's."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
