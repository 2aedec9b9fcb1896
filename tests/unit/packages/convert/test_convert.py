"""A .deb as an RPM: built by rpmbuild and read back, or refused and nothing kept."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.packages.convert.convert import convert as understand
from katpkg.packages.rpm.builder import RpmBuilder
from katpkg.packages.rpm.names import Names
from katpkg.pipeline.convert import Converter, convert_all, names_of
from katpkg.report import Quiet
from tests.builders import EL9, TEMPLATES, make_target

OWN = frozenset(["kat-web"])
UNIT = "[Service]\nExecStart=/bin/true\nUser=kat-web\n[Install]\nWantedBy=multi-user.target\n"
STARTS = "deb-systemd-helper enable web.service\ndeb-systemd-invoke start web.service"

FILES = {
    "lib/systemd/system/web.service": UNIT,
    "etc/web.conf": "user www-data;\n",
    "etc/init.d/web": "#!/bin/sh\n",
    "usr/share/web/page": "text\n",
    "usr/share/lintian/overrides/web": "x\n",
    "usr/lib/sysusers.d/web.conf": 'u kat-web - "The web" /var/lib/web\n',
    "usr/lib/tmpfiles.d/web.conf": "d /run/web 0755 kat-web kat-web -\n",
    "usr/share/doc/web/copyright": "Format: x\n\nFiles: *\nLicense: MIT\n",
}
POSTINST = f"""
systemd-sysusers web.conf
systemd-tmpfiles --create web.conf
mkdir -p /var/lib/web
chown kat-web:kat-web /var/lib/web
chmod 0750 /var/lib/web
dpkg-statoverride --list /etc/web.conf || dpkg-statoverride --update --add root kat-web 0640 /etc/web.conf
{STARTS}
"""


def make_deb(directory: Path, files: Mapping[str, str], control: Mapping[str, str], scripts: Mapping[str, str]) -> Path:
    """A real .deb; ``scripts`` are files beside its control file."""
    fields = {
        "Package": "web",
        "Version": "1:2.0-3",
        "Architecture": "all",
        "Description": "a thing\n It is.",
        **control,
    }
    tree = directory / "tree"
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / "DEBIAN").mkdir(parents=True)
    lines = [f"{name}: {value}\n" for name, value in {**fields, "Maintainer": "Somebody <s@example.org>"}.items()]
    (tree / "DEBIAN/control").write_text("".join(lines))
    for name, text in scripts.items():
        path = tree / "DEBIAN" / name
        is_script = name.startswith(("p", "config"))
        path.write_text(f"#!/bin/sh\nset -e\n{text}\n" if is_script else text)
        path.chmod(0o755 if is_script else 0o644)
    path = directory / "web.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, path], check=True, stdout=subprocess.DEVNULL)
    return path


def convert(
    directory: Path,
    files: Mapping[str, str] = FILES,
    control: Mapping[str, str] = {"Depends": "kat-web, adduser"},
    **scripts: str,
) -> Path:
    deb = make_deb(directory, files, control, scripts)
    builder = RpmBuilder(TEMPLATES, OWN)
    converter = Converter(
        own=OWN, templates=TEMPLATES, builder=builder, directory=directory / "build", reporter=Quiet()
    )
    (made,) = convert_all(converter, [deb], [make_target(EL9)], None)
    return made.path


def test_that_nobody_is_asked_is_told(tmp_path: Path) -> None:
    texts = {"config": "db_input high web/name", "templates": "Template: web/name\nType: string\n"}
    for name, scripts in {"asks": texts, "silent": {}}.items():
        deb = make_deb(tmp_path / name, {"usr/share/web/page": ""}, {}, scripts)
        (tmp_path / name / "work").mkdir()
        told = understand(deb, make_target(EL9), Names.of(EL9, OWN), tmp_path / name / "work").notes
        assert any("debconf's questions get their default answers" in note for note in told) is (name == "asks")


def asked(rpm: Path, *words: str) -> str:
    command: list[str | Path] = ["rpm", "--query", "--package", *words, rpm]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_accounts_owners_units_and_configuration_become_what_an_rpm_has_for_them(tmp_path: Path) -> None:
    rpm = convert(tmp_path, postinst=POSTINST, conffiles="/etc/web.conf\n/etc/init.d/web\n")
    assert rpm == tmp_path / "build/el9/web-2.0-3.noarch.rpm"
    form = "[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILEFLAGS:fflags}\n]"
    assert asked(rpm, "--queryformat", form).splitlines() == [
        "/etc/web.conf -rw-r----- root kat-web cn",
        "/usr/lib/systemd/system-preset/50-web.preset -rw-r--r-- root root ",
        "/usr/lib/systemd/system/web.service -rw-r--r-- root root ",
        "/usr/lib/sysusers.d/web.conf -rw-r--r-- root root ",
        "/usr/lib/tmpfiles.d/web.conf -rw-r--r-- root root ",
        "/usr/share/doc/web drwxr-xr-x root root ",
        "/usr/share/doc/web/built-from -rw-r--r-- root root d",
        "/usr/share/doc/web/copyright -rw-r--r-- root root d",
        "/usr/share/web drwxr-xr-x root root ",
        "/usr/share/web/page -rw-r--r-- root root ",
        "/var/lib/web drwxr-x--- kat-web kat-web ",
    ]
    assert asked(rpm, "--queryformat", "%{EPOCH} %{LICENSE} %{SUMMARY}") == "1 MIT a thing"
    scripts = asked(rpm, "--scripts")
    assert 'u kat-web - "The web" /var/lib/web\n' in scripts
    assert 'u www-data - "www-data" /var/www\n' in scripts
    assert "systemd-tmpfiles --create web.conf" in scripts
    assert "systemctl --no-reload preset web.service" in scripts
    assert "kat-web\n" in asked(rpm, "--requires")


def test_the_programs_ask_for_their_libraries_by_rpms_own_words(tmp_path: Path) -> None:
    tree = {"usr/share/web/page": ""}
    (tmp_path / "tree/usr/bin").mkdir(parents=True)
    shutil.copy("/usr/bin/env", tmp_path / "tree/usr/bin/web")
    rpm = convert(tmp_path, tree, {"Architecture": "amd64", "Depends": "libc6 (>= 2.4)"})
    requires = asked(rpm, "--requires").splitlines()
    assert {"libc.so.6()(64bit)", "rtld(GNU_HASH)"} <= set(requires)


VENV = "opt/venvs/web/lib/python3.9/site-packages/web.py"
REFUSED: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str], str]] = {
    "another architecture": ({}, {"Architecture": "arm64"}, {}, "it is for arm64, not for el9/x86_64"),
    "two hyphens": ({}, {"Version": "1-2-3"}, {}, "has two hyphens"),
    "unknown names": ({}, {"Depends": "libfoo1, bar"}, {}, "nobody knows what el9 calls libfoo1, bar"),
    "Python modules": ({"usr/lib/python3/dist-packages/a.py": ""}, {}, {}, "its Python modules lie where el9 does not"),
    "a library": ({"usr/lib/x86_64-linux-gnu/liba.so.1": ""}, {}, {}, "its libraries lie where el9 does not look"),
    "apt's": ({"etc/apt/sources.list.d/a.sources": ""}, {}, {}, "it is about apt: /etc/apt/sources.list.d/a.sources"),
    "a conffile elsewhere": (
        {},
        {},
        {"conffiles": "/usr/share/web/page\n"},
        "is a conffile, and conffiles lie in /etc",
    ),
    "an init script": ({"etc/init.d/web": ""}, {}, {}, "nothing starts it but an init script: /etc/init.d/web"),
    "setgid": ({}, {}, {"postinst": "chmod 2755 /usr/share/web/page"}, "it makes /usr/share/web/page setuid or setgid"),
    "a group": ({}, {}, {"postinst": "addgroup --system crew"}, "it has a group crew that is no user's own"),
    "a trigger": (
        {},
        {},
        {"triggers": "interest-noawait /usr/share/x\n"},
        "its trigger has no counterpart: interest-no",
    ),
    "another Python": (
        {"opt/venvs/web/pyvenv.cfg": "", VENV: ""},
        {},
        {},
        "its virtual environment is for Python 3.9, and the target has 3.12",
    ),
    "an odd unit": ({}, {}, {"postinst": "systemctl enable web@a.service"}, "'web@a' is no unit name"),
    "odd sysusers": (
        {"usr/lib/sysusers.d/web.conf": "r - 500-900\n"},
        {},
        {"postinst": "systemd-sysusers web.conf"},
        "web.conf says what is not understood: r - 500-900",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_right_there_is_refused_and_nothing_is_kept(case: str, tmp_path: Path) -> None:
    files, control, scripts, message = REFUSED[case]
    with pytest.raises(BuildError) as caught:
        convert(tmp_path, {"usr/share/web/page": "", **files}, control, **scripts)
    assert message in caught.value.message
    assert not [path for path in (tmp_path / "build").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_documentation_that_another_package_has_is_not_looked_for_there(tmp_path: Path) -> None:
    link = tmp_path / "tree/usr/share/doc/web"
    link.parent.mkdir(parents=True)
    link.symlink_to("web-common")
    rpm = convert(tmp_path, {"usr/share/web/page": "text\n"}, {})
    assert "/usr/share/doc/web/built-from\n" in asked(rpm, "--list")


def test_another_name_of_a_unit_is_not_started(tmp_path: Path) -> None:
    directory = tmp_path / "tree/lib/systemd/system"
    directory.mkdir(parents=True)
    (directory / "alias.service").symlink_to("web.service")
    with pytest.raises(BuildError, match=r"it starts alias\.service, which is another name of a unit"):
        convert(tmp_path, {"usr/share/web/page": ""}, {}, postinst="systemctl start alias")


def test_an_older_glibc_is_refused(tmp_path: Path) -> None:
    files = {"usr/share/web/page": "", "opt/v/pyvenv.cfg": "", "opt/v/lib/python3.12/a.py": ""}
    with pytest.raises(BuildError, match=r"its programs need glibc 2\.38, and el9 has 2\.34"):
        convert(tmp_path, files, {"Depends": "libc6 (>= 2.38)"})


def test_a_directory_of_several_packages_is_owned_by_the_one_that_says_whose_it_is(tmp_path: Path) -> None:
    scripts = {"a": {}, "b": {"postinst": "adduser --system --group web\nchown web /etc/web"}}
    debs = []
    for name, texts in scripts.items():
        (tmp_path / name).mkdir()
        debs.append(make_deb(tmp_path / name, {f"etc/web/{name}": ""}, {"Package": f"web-{name}"}, texts))
    builder = RpmBuilder(TEMPLATES, OWN)
    converter = Converter(own=OWN, templates=TEMPLATES, builder=builder, directory=tmp_path, reporter=Quiet())
    first, second = converter.convert(debs, make_target(EL9), tmp_path / "rpms")
    assert first.members() == ("/etc/web/a", "/usr/share/doc/web-a/", "/usr/share/doc/web-a/built-from")
    assert "/etc/web/" in second.members()


def test_a_release_of_debs_has_no_rpms(tmp_path: Path) -> None:
    converter = Converter(
        own=OWN, templates=TEMPLATES, builder=RpmBuilder(TEMPLATES, OWN), directory=tmp_path, reporter=Quiet()
    )
    with pytest.raises(BuildError, match="bookworm has no RPMs"):
        list(convert_all(converter, [], [make_target()], None))
    assert list(tmp_path.iterdir()) == []


def test_what_packages_of_one_call_are_to_each_other_is_called_the_same(tmp_path: Path) -> None:
    for name, control in {"a": {"Provides": "abi-1, other"}, "b": {"Package": "mod", "Depends": "abi-1"}}.items():
        (tmp_path / name).mkdir()
        make_deb(tmp_path / name, {"usr/share/x": ""}, control, {})
    assert names_of([tmp_path / "a/web.deb", tmp_path / "b/web.deb"]) == {"web", "mod", "abi-1"}
