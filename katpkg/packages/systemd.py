"""Services as systemd units, fenced in as far as their sandbox level says (systemd.exec(5))."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from katpkg.model.module import Directory
from katpkg.model.names import UnitName
from katpkg.model.package import Account, Unit
from katpkg.model.service import Sandbox, Service
from katpkg.packages.places import Places
from katpkg.packages.templates import Templates

FENCE = (
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "PrivateUsers=yes",
    "PrivateMounts=yes",
    "DevicePolicy=closed",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectControlGroups=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "LockPersonality=yes",
    "RemoveIPC=yes",
    "KeyringMode=private",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
)
NO_CODE_AT_RUN_TIME = "MemoryDenyWriteExecute=yes"
DENY = "IPAddressDeny=any"

LEVELS = {
    Sandbox.STRICT: (*FENCE, NO_CODE_AT_RUN_TIME, DENY),
    Sandbox.NETWORK: (*FENCE, NO_CODE_AT_RUN_TIME),
    Sandbox.JIT: FENCE,
    Sandbox.OFF: (),
}


def render_units(places: Places, templates: Templates) -> tuple[Unit, ...]:
    """The units of all services of the module, its timers after them."""
    return tuple(unit for service in places.module.services for unit in _units(service, places, templates))


def _units(service: Service, places: Places, templates: Templates) -> Iterator[Unit]:
    yield Unit(
        name=service.name,
        suffix="service",
        text=_render_service(service, places, templates),
        enabled=service.starts_by_itself,
    )
    if service.calendar:
        text = templates.render("unit.timer.j2", description=service.description, calendar=service.calendar)
        yield Unit(name=UnitName(service.name), suffix="timer", text=text, enabled=True)


def _render_service(service: Service, places: Places, templates: Templates) -> str:
    return templates.render(
        "unit.service.j2",
        service=service,
        type="oneshot" if service.oneshot else "exec",
        exec=places.fill(service.exec),
        directory=places.fill(service.directory or "/"),
        condition=places.fill(service.condition),
        environment=[quoted(places.fill(each)) for each in service.environment],
        environment_files=_environment_files(places),
        sandbox=_sandbox(service),
        writable=_writable(service, places),
    )


def _sandbox(service: Service) -> tuple[str, ...]:
    level = LEVELS[service.sandbox]
    return (*level, f"IPAddressAllow={' '.join(('localhost', *service.peers))}") if DENY in level else level


def _environment_files(places: Places) -> tuple[str, ...]:
    """What is read in this order, so that the administrator's words win; only what we ship must be there."""
    if not places.module.settings:
        return ()
    return (places.defaults_file, f"-{places.generated_file}", f"-{places.administrator_file}")


def _writable(service: Service, places: Places) -> tuple[str, ...]:
    if service.sandbox is Sandbox.OFF:
        return ()
    mine = [directory for directory in places.module.directories if directory.user == service.account]
    return tuple(directory.path for directory in mine)


def quoted(assignment: str) -> str:
    """``NAME=value`` for Environment=, where percent signs are specifiers."""
    escaped = assignment.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def render_sysusers(accounts: Iterable[Account]) -> str:
    """What makes ``accounts`` (sysusers.d(5))."""
    return "".join(
        f'u {account.name} - "{account.description}" {account.home}\n'
        + "".join(f"m {account.name} {group}\n" for group in account.groups)
        for account in accounts
    )


def render_tmpfiles(directories: Iterable[Directory]) -> str:
    """What makes ``directories`` (tmpfiles.d(5))."""
    return "".join(f"d {each.path} {each.mode} {each.user} {each.user} -\n" for each in directories)
