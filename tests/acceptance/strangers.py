"""Packages under the demo's names that somebody else built, as such are: one account for all, secrets in conffiles that
a script edits, units that installation starts.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.acceptance.server import Server

ROLE_PASSWORD, BROKER_PASSWORD, TOKEN, HMAC = "Roles1Word", "p@ss/Broker", "Token4Notes", "Hmac5Kinto"

CONFFILES = {
    "notes": f"""\
# Fill in the URL of the database.
NOTES_DATABASE_URL=
NOTES_TOKEN={TOKEN}
NOTES_SLOWNESS=1
""",
    "kinto": f"KINTO_USERID_HMAC_SECRET={HMAC}\nKINTO_STORAGE_URL=\nKINTO_PERMISSION_URL=\n",
    "courier": "QUEUE_URI=\nNOTES_TOKEN=\n",
    "flower": "FLOWER_PORT=5555\n",
}

WORDS = {
    "notes": f"""\
NOTES_DATABASE_URL=postgresql://notes:{ROLE_PASSWORD}@localhost/notes_db
NOTES_TOKEN={TOKEN}
NOTES_SLOWNESS=0.2
OF_OUR_OWN='two words'
""",
    "kinto": f"""\
KINTO_USERID_HMAC_SECRET={HMAC}
KINTO_STORAGE_URL=postgres://kinto:{ROLE_PASSWORD}@127.0.0.1:5432/kinto_db
KINTO_PERMISSION_URL=postgres://kinto:{ROLE_PASSWORD}@127.0.0.1:5432/kinto_db
KINTO_PAGINATE_BY=25
""",
    "courier": f"QUEUE_URI=amqp://kat:p%40ss%2FBroker@localhost:5672/kat\nNOTES_TOKEN={TOKEN}\n",
    "flower": "FLOWER_PORT=5557\n",
}
"""What administrators made of them."""

PORTS = {"notes": 8088, "kinto": 8888, "flower": 5555, "hello": 8086, "page": 8087, "courier": 8089}

UNIT = """\
[Unit]
Description=Somebody's {module}

[Service]
User=kat
EnvironmentFile=/usr/lib/kat/{module}.defaults
EnvironmentFile=-/etc/kat/{module}.conf
ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /var/lib/kat-{module} {port}
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""

SCRIPTS = {
    "postinst": """\
#!/bin/sh
set -e
systemd-sysusers kat-{module}.conf
if [ -e /etc/kat/{module}.conf ]; then
    sed -i 's/^EMPTY=$/EMPTY=filled/' /etc/kat/{module}.conf
fi
deb-systemd-helper unmask kat-{module}.service >/dev/null
deb-systemd-helper enable kat-{module}.service >/dev/null
chown -R root:kat /etc/kat
chown -R kat:kat /var/lib/kat-{module}
ln -f /opt/venvs/kat-{module}/bin/python /opt/venvs/kat-{module}/bin/python,orig
systemctl daemon-reload
deb-systemd-invoke restart kat-{module}.service
""",
    "prerm": """\
#!/bin/sh
set -e
if [ "$1" = remove ]; then
    rm -f /opt/venvs/kat-{module}/bin/*,orig
    deb-systemd-invoke stop kat-{module}.service
fi
""",
    "postrm": """\
#!/bin/sh
set -e
systemctl daemon-reload
if [ "$1" = purge ]; then
    deb-systemd-helper purge kat-{module}.service >/dev/null
    deb-systemd-helper unmask kat-{module}.service >/dev/null
fi
""",
}

DATABASES = f"""
CREATE ROLE notes LOGIN PASSWORD '{ROLE_PASSWORD}';
CREATE ROLE kinto LOGIN PASSWORD '{ROLE_PASSWORD}';
CREATE ROLE somebody;
CREATE DATABASE notes_db;
CREATE DATABASE kinto_db OWNER somebody;
\\c notes_db
GRANT ALL ON SCHEMA public TO notes;
CREATE TABLE step (number integer PRIMARY KEY);
INSERT INTO step VALUES (0);
SET ROLE notes;
CREATE TABLE note (id serial PRIMARY KEY, text text NOT NULL);
INSERT INTO note (text) VALUES ('of long ago');
"""  # noqa: S608
"""As the guide says, but for a table that was restored by who is no role of ours."""

BROKER = f"""
rabbitmqctl add_user kat '{BROKER_PASSWORD}'
rabbitmqctl add_vhost kat
rabbitmqctl set_permissions -p kat kat '.*' '.*' '.*'
"""


def build(directory: Path, module: str, version: str) -> Path:
    """The package of ``module``."""
    tree = directory / module
    files = {
        f"lib/systemd/system/kat-{module}.service": UNIT.format(module=module, port=PORTS[module]),
        f"usr/lib/sysusers.d/kat-{module}.conf": 'u kat - "Somebody" /nonexistent\n',
        f"usr/lib/kat/{module}.defaults": "# nothing\n",
        f"opt/venvs/kat-{module}/bin/python": "an interpreter\n",
        "DEBIAN/control": f"""\
Package: kat-{module}
Version: {version}
Architecture: amd64
Maintainer: Somebody <somebody@example.org>
Description: somebody's {module}
""",
        **{f"DEBIAN/{name}": text.format(module=module) for name, text in SCRIPTS.items()},
    }
    if module in CONFFILES:
        files[f"etc/kat/{module}.conf"] = CONFFILES[module]
        files[f"etc/kat/{module}.gunicorn.conf.py"] = "workers = 3\n"
        files["DEBIAN/conffiles"] = f"/etc/kat/{module}.conf\n/etc/kat/{module}.gunicorn.conf.py\n"
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if name.removeprefix("DEBIAN/") in SCRIPTS else 0o644)
    (tree / f"var/lib/kat-{module}").mkdir(parents=True)
    package = directory / f"kat-{module}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, package], check=True, capture_output=True)
    return package


def settle(server: Server, directory: Path) -> None:
    """Install them all, as releases that our archive has too, and use them."""
    for module in PORTS:
        said = server.says("apt-cache", "show", f"kat-{module}").splitlines()
        oldest = [line for line in said if line.startswith("Version: ")][-1]
        package = build(directory, module, oldest.removeprefix("Version: ").rpartition("-")[0])
        server.inside(f"/root/{package.name}").write_bytes(package.read_bytes())
    server.shell("dpkg --install /root/kat-*.deb; rm /root/kat-*.deb")
    server.shell(f"cd /; runuser -u postgres -- psql --quiet --set=ON_ERROR_STOP=1 <<'END'\n{DATABASES}\nEND")
    server.shell(BROKER)
    for module, words in WORDS.items():
        server.inside(f"/etc/kat/{module}.conf").write_text(words)
    server.inside("/etc/kat/notes.gunicorn.conf.py").write_text("workers = 5\n")
    server.shell("for data in /var/lib/kat-notes/data /var/lib/kat-kinto/data; do runuser -u kat touch $data; done")
    server.shell("systemctl disable --now kat-flower; systemctl restart kat-notes kat-courier kat-kinto")
