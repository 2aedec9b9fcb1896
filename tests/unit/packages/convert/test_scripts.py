"""What maintainer scripts come to, thought through on a fresh machine, and the lines that are not understood."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from katpkg.errors import BuildError
from katpkg.packages.convert.machine import Machine, Node
from katpkg.packages.convert.script import Script
from katpkg.packages.convert.scripts import think_through
from tests.golden import GOLDEN

SERVICE = "web.service"
DIRECTORY = Node(is_directory=True, mode=0o755)
DEBHELPER = """
if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] ; then
	# was-enabled defaults to true, so new installations run enable.
	if deb-systemd-helper --quiet was-enabled 'web.service'; then
		deb-systemd-helper enable 'web.service' >/dev/null || true
	else
		deb-systemd-helper update-state 'web.service' >/dev/null || true
	fi
fi
if [ "$1" = "configure" ]; then
	if [ -d /run/systemd/system ]; then
		systemctl --system daemon-reload >/dev/null || true
		if [ -n "$2" ]; then
			_dh_action=restart
		else
			_dh_action=start
		fi
		deb-systemd-invoke $_dh_action 'web.service' >/dev/null || true
	fi
	if [ -z "${DPKG_ROOT:-}" ] && [ -x "/etc/init.d/web" ]; then
		invoke-rc.d --skip-systemd-native web $_dh_action || exit 1
	fi
fi
"""


def thought(postinst: str, files: Mapping[str, Node] | None = None, **others: str) -> Machine:
    texts = {"postinst": postinst, **others}
    scripts = {
        name: Script(package="web.deb", name=name, text=f"#!/bin/sh\nset -e\n{text}\n") for name, text in texts.items()
    }
    return think_through(scripts, Machine(files=dict(files or {})), "2.0-1", {"web/name": "nobody's"})


def test_what_katpkg_itself_writes_is_understood_and_does_nothing_to_files() -> None:
    postinst = (GOLDEN / "full/kat-web.postinst").read_text().replace("#DEBHELPER#", "")
    assert " -m compileall " in postinst
    assert thought(postinst).files == thought(":").files


def test_what_debhelper_writes_is_understood_by_what_it_does() -> None:
    machine = thought(DEBHELPER)
    assert (machine.enabled, machine.started) == ({SERVICE}, {SERVICE})
    machine = thought('systemd-sysusers ${DPKG_ROOT:+--root="$DPKG_ROOT"} web.conf\nsystemd-tmpfiles --create web.conf')
    assert (machine.sysusers, machine.tmpfiles) == ({"web.conf"}, {"web.conf"})


ACCOUNTS = (
    "adduser --system --group --home /var/lib/web --no-create-home --gecos 'The web' web",
    "getent group web || groupadd --system web\nuseradd --system -g web -d /var/lib/web -c 'The web' web",
    "addgroup --quiet --system web\nadduser --system --ingroup web --home=/var/lib/web/ --no-create-home web\n"
    'usermod -c "The web" web',
)


@pytest.mark.parametrize("script", ACCOUNTS)
def test_an_account_is_the_same_however_it_is_made(script: str) -> None:
    machine = thought(f"if ! getent passwd web >/dev/null; then\n{script}\nfi")
    (user,) = machine.users.values()
    assert (user.name, user.description, user.home, user.group) == ("web", "The web", "/var/lib/web", "")
    assert machine.files == {}


def test_a_home_that_is_made_belongs_to_its_user() -> None:
    machine = thought("adduser --system --group --home /var/lib/web web")
    home = machine.files["/var/lib/web"]
    assert (home.user, home.group, home.mode, home.is_made) == ("web", "web", 0o755, True)


def test_owners_and_modes_are_known_in_the_end() -> None:
    files = {"/etc/web": DIRECTORY, "/etc/web/conf": Node(), "/usr/share/web/conf": Node()}
    machine = thought(
        """
setup() {
    mkdir -p $1
    if ! dpkg-statoverride --list $1 >/dev/null; then
        chown $2:$2 $1
        chmod ${3:-750} $1
    fi
}
if [ "$1" = configure ]; then
    setup /var/lib/web web
    setup /var/log/web web 2750
    dpkg-statoverride --update --add root web 0640 /etc/web/conf
    for name in a b; do
        cp /usr/share/web/conf /etc/web/$name.conf
    done
    ln -s ../conf /etc/web/link
    touch /var/log/web.log
    chown web /var/log/web.log
fi
""",
        files,
    )
    told = {path: (node.user, node.group, node.mode) for path, node in machine.files.items() if node.user == "web"}
    assert told == {"/var/lib/web": ("web", "web", 0o750), "/var/log/web": ("web", "web", 0o2750)}
    assert (machine.files["/etc/web/conf"].group, machine.files["/etc/web/conf"].mode) == ("web", 0o640)
    assert machine.files["/etc/web/a.conf"].source == machine.files["/etc/web/b.conf"].source == "/usr/share/web/conf"
    assert machine.files["/etc/web/link"].target == "../conf"
    assert "/var/log/web.log is made by who writes it" in machine.notes


def test_only_what_this_version_does_when_it_is_installed_anew_counts() -> None:
    machine = thought(
        """
if [ -n "$2" ] && dpkg --compare-versions "$2" lt 1.0-1; then
    some-migration --of everything
fi
case "$1" in
configure | reconfigure) deb-systemd-invoke start web ;;
*) echo "unknown argument \\`$1'" >&2; exit 1 ;;
esac
""",
        postrm='if [ "$1" = purge ]; then rm -rf /var/lib/web; some-cleaning; fi',
    )
    assert machine.started == {SERVICE}
    assert list(machine.notes) == ["what it does after versions older than this one is left out"]


def test_debconf_answers_by_itself() -> None:
    machine = thought('. /usr/share/debconf/confmodule\ndb_get web/name\n[ "$RET" = "nobody\'s" ] && mkdir /srv/web')
    assert "/srv/web" in machine.files
    assert 'it asks nothing: the answer to web/name is "nobody\'s"' in machine.notes


def test_what_a_pipe_makes_of_known_words_is_known() -> None:
    machine = thought('home=`getent passwd web | cut -d: -f6`\n[ -n "$home" ] || mkdir /srv/$(echo a:b | cut -d: -f2)')
    assert "/srv/b" in machine.files


def test_where_nobody_knows_both_ways_may_come_to_the_same() -> None:
    assert thought("if grep -q x /etc/web; then echo yes; else echo no; fi").files == {}


NOT_UNDERSTOOD = {
    "wget https://example.org/x": "wget https://example.org/x",
    "chown web /var/lib/nowhere": "chown web /var/lib/nowhere",
    "echo a >/etc/web.conf": "echo a >/etc/web.conf",
    "mkdir /var/lib/$(uname -n)": "mkdir /var/lib/$(uname -n)",
    "if grep -q x /etc/web; then\n mkdir /srv/a\nfi": "if grep -q x /etc/web; then",
    "while true; do mkdir /srv/a; done": "while true; do mkdir /srv/a; done",
    "rm -rf /usr/share/other/*": "rm -rf /usr/share/other/*",
    "cat /etc/passwd | sh": "cat /etc/passwd | sh",
    'eval "mkdir /srv/a"': 'eval "mkdir /srv/a"',
    "adduser web": "adduser web",
    "if [ -x /usr/bin/other ]; then mkdir /srv/a; fi": "if [ -x /usr/bin/other ]; then mkdir /srv/a; fi",
    "echo 'never ends": "echo 'never ends",
}


@pytest.mark.parametrize("script", NOT_UNDERSTOOD)
def test_a_line_that_is_not_understood_is_told(script: str) -> None:
    with pytest.raises(BuildError) as caught:
        thought(script)
    assert caught.value.message == f"postinst does something that is not understood: {NOT_UNDERSTOOD[script]}"
    assert caught.value.where == "web.deb: postinst, line 3"
    assert "payload.repack" in str(caught.value.hint)


def test_what_a_set_up_starts_is_refused_for_its_set_up() -> None:
    prerm = """
case "$1" in
upgrade | failed-upgrade)
    if command -v katctl >/dev/null && [ -d /run/systemd/system ]; then
        katctl prepare-upgrade
    fi
    ;;
esac
"""
    with pytest.raises(BuildError) as caught:
        thought(":", prerm=prerm)
    assert caught.value.message == "prerm does something that is not understood: katctl prepare-upgrade"


def test_a_script_in_another_language_is_not_understood() -> None:
    script = Script(package="web.deb", name="postinst", text="#!/usr/bin/perl\nmkdir '/srv/a';\n")
    with pytest.raises(BuildError, match="it is no shell script"):
        think_through({"postinst": script}, Machine(files={}), "1", {})


def test_an_upgrade_that_makes_something_of_its_own_is_refused() -> None:
    with pytest.raises(BuildError, match="its upgrade makes what its installation does not: /srv/new"):
        thought('if [ -n "$2" ]; then mkdir /srv/new; fi')


def test_what_installation_alone_does_is_no_work_of_an_upgrade() -> None:
    machine = thought('[ -n "$2" ] || chmod u=rw,g=r,o= /etc/web.conf', {"/etc/web.conf": Node()})
    assert machine.files["/etc/web.conf"].mode == 0o640


def test_what_a_removal_leaves_is_told() -> None:
    machine = thought(":", postrm='[ "$1" != remove ] || rm -rf /var/cache/web')
    assert list(machine.notes) == ["/var/cache/web stays when it is removed"]
