"""Services of Debian's archive, and what comes of them when they are converted: docs/how-to/rpm.md has the table."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = (
    "/bin/sh",
    *("iproute", "kat-archive-keyring", "libnghttp2", "logrotate", "mailcap", "nss-tools", "openssl", "pam", "perl"),
    *("openssl-libs = 3.0.7", "procps-ng", "setup", "systemd = 252", "zlib = 1.2"),
    *("python(abi) = 3.11", "/usr/bin/python3.11", "python3 = 3.11"),
)
"""What EL calls packages that Debian has in the machine's root, or that nothing here needs to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One of them."""

    packages: tuple[str, ...]
    """What is converted in one call, the service first."""
    units: tuple[str, ...] = ()
    """Those that run after installation."""
    asked: str = ""
    """A URL that answers then."""
    prepare: str = ""
    """What its administrator has to do first."""
    once: str = ""
    """The same in words."""
    libraries: tuple[str, ...] = ()
    """Debian's packages of libraries that it runs on."""
    refused: str = ""
    """What is said when it is not converted."""
    since: str = ""
    """What that means."""

    @property
    def outcome(self) -> str:
        """What comes of it, in the words of docs/how-to/rpm.md."""
        if self.refused:
            return f"refused, since {self.since}: `{self.refused}`"
        return f"runs{', and answers' if self.asked else ''}{f', once {self.once}' if self.once else ''}"


QUICK = (
    Service(
        packages=("nginx-light", "nginx", "nginx-common", "libnginx-mod-http-echo"),
        units=("nginx.service",),
        asked="http://127.0.0.1/",
    ),
    Service(packages=("tinyproxy", "tinyproxy-bin"), units=("tinyproxy.service",)),
    Service(
        packages=("chrony",),
        refused="not understood: if ! chronyd -p",
        since="its postinst asks `chronyd` what it was built for",
    ),
)
"""Those that need no library that a machine does not have."""

SERVICES = (
    *QUICK,
    Service(
        packages=("redis-server", "redis-tools"),
        units=("redis-server.service",),
        libraries=("libjemalloc2", "liblzf1", "libatomic1"),
    ),
    Service(packages=("caddy",), units=("caddy.service",), asked="http://127.0.0.1/", libraries=("libzstd1",)),
    Service(
        packages=("memcached",),
        units=("memcached.service",),
        libraries=("libevent-2.1-7", "libsasl2-2"),
    ),
    Service(
        packages=("haproxy",),
        units=("haproxy.service",),
        libraries=("liblua5.3-0", "libopentracing-c-wrapper0"),
    ),
    Service(
        packages=("mosquitto",),
        units=("mosquitto.service",),
        libraries=("libcjson1", "libmosquitto1", "libdlt2", "libwrap0"),
    ),
    Service(packages=("etcd-server",), units=("etcd.service",), asked="http://127.0.0.1:2379/health"),
    Service(
        packages=("prometheus-node-exporter",),
        units=("prometheus-node-exporter.service",),
        asked="http://127.0.0.1:9100/metrics",
    ),
    Service(packages=("nats-server",), units=("nats-server.service",)),
    Service(packages=("vsftpd",), units=("vsftpd.service",), libraries=("libwrap0",)),
    Service(
        packages=("stunnel4",),
        refused="nothing starts it but an init script: /etc/init.d/stunnel4",
        since="it has no unit",
    ),
    Service(
        packages=("rsync",),
        units=("rsync.service",),
        prepare="touch /etc/rsyncd.conf; systemctl start rsync",
        once="there is an /etc/rsyncd.conf, as on Debian",
        libraries=("libpopt0",),
    ),
    Service(
        packages=("unbound",),
        refused="its programs need glibc 2.36, and el9 has 2.34",
        since="it was built for newer systems",
    ),
    Service(
        packages=("lighttpd",),
        refused="not understood: && lighty-enable-mod unconfigured; then",
        since="its postinst runs a program of its own",
    ),
    Service(
        packages=("varnish",),
        refused="not understood: install -o $daemon_user -g $daemon_user -d $daemon_dir",
        since="its postinst names a directory after `$(uname -n)`",
    ),
    Service(
        packages=("openssh-server",),
        refused="not understood: cp -aZ /usr/share/openssh/sshd_config",
        since="its postinst writes its configuration, and keys",
    ),
    Service(
        packages=("cron",),
        refused="it makes /usr/bin/crontab setuid or setgid",
        since="`crontab` runs with another group's rights",
    ),
    Service(
        packages=("prometheus",),
        refused="nobody knows what el9 calls fonts-glyphicons-halflings",
        since="it needs JavaScript and fonts that only Debian packages",
    ),
)
