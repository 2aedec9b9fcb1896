"""The package that sets servers up: katctl as files, what starts it, and the questions that only a person can answer.

Its trigger is on the directory of descriptors: it runs after every installation, upgrade and removal of a module, when
all of them are unpacked. A failure there never leaves a package half-configured.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace

from katpkg import __version__
from katpkg.model.module import LintianOverride, ModuleSpec
from katpkg.model.names import AbsolutePath, Line, UnitName, VariableName
from katpkg.model.package import Entry, SettingUp, Unit
from katpkg.model.payload import SetupPayload
from katpkg.model.service import Setting
from katpkg.model.target import PackageFormat
from katpkg.packages.descriptor import FORMAT
from katpkg.packages.katctl import katctl_files
from katpkg.packages.order import Order
from katpkg.packages.templates import Templates

SETTINGS = (
    Setting(
        name=VariableName("SETUP"),
        meaning=Line("auto: installing and upgrading set up; manual: katctl setup does, when you say so"),
        default=Line("auto"),
    ),
    Setting(name=VariableName("HOST_NAME"), meaning=Line("The public name of this server")),
    Setting(name=VariableName("ADMIN_EMAIL"), meaning=Line("The administrator's e-mail address")),
    Setting(
        name=VariableName("POSTGRESQL_URL"),
        meaning=Line(
            "A PostgreSQL elsewhere: postgresql://HOST, or //USER:PASSWORD@HOST of one who may make roles and databases"
        ),
        secret=True,
    ),
    Setting(
        name=VariableName("RABBITMQ_URL"),
        meaning=Line("A RabbitMQ elsewhere: amqp://USER:PASSWORD@HOST/VHOST"),
        secret=True,
    ),
)

OVERRIDES = (
    LintianOverride(
        tag=Line("not-using-po-debconf"), reason=Line("the questions are asked in English, like all that katctl says")
    ),
    LintianOverride(
        tag=Line("debconf-is-not-a-registry"),
        reason=Line("answers are copied to a file; what the administrator writes wins"),
        context=Line("*"),
    ),
    LintianOverride(
        tag=Line("maintainer-script-calls-systemctl"),
        reason=Line("the broker, which is another package's, is given back to the configuration of that package"),
        context=Line("*"),
    ),
)

TEMPLATES = {
    "config": "setup.config.j2",
    "templates": "setup.templates.j2",
    "postinst": "setup.postinst.j2",
    "postrm": "setup.postrm.j2",
    "triggers": "setup.triggers.j2",
}
"""Files of debian/, and what they are rendered from."""


def furnish(module: ModuleSpec) -> ModuleSpec:
    """The module with what katctl itself brings: its settings, and what lintian has to know."""
    return replace(module, settings=(*module.settings, *SETTINGS), lintian=(*module.lintian, *OVERRIDES))


def setup_entries(order: Order, templates: Templates) -> Iterator[Entry]:
    """The files of the package."""
    lib, values = order.places.lib, _values(order)
    for path in katctl_files():
        yield Entry(path=AbsolutePath(f"{lib}/katctl/{path.name}"), content=path.read_bytes())
    yield Entry(path=AbsolutePath(f"{lib}/product.json"), content=_product(order))
    script = templates.render("katctl.j2", **values).encode()
    yield Entry(path=AbsolutePath("/usr/bin/katctl"), content=script, mode=0o755)
    page = gzip.compress(templates.render("katctl.8.j2", **values).encode(), mtime=0)
    yield Entry(path=AbsolutePath("/usr/share/man/man8/katctl.8.gz"), content=page)


def setup_units(order: Order, templates: Templates) -> tuple[Unit, ...]:
    """What the trigger starts, and the next boot when it was interrupted."""
    text = templates.render("setup.service.j2", **_values(order))
    return (Unit(name=UnitName(f"{order.places.prefix}-setup"), suffix="service", text=text, enabled=True),)


def setting_up(order: Order) -> SettingUp:
    """When it does its work, and on what."""
    places = order.places
    return SettingUp(
        watched=places.descriptors,
        state=AbsolutePath(f"/var/lib/{places.prefix}"),
        unit=UnitName(f"{places.prefix}-setup"),
        interpreter=_interpreter(order),
    )


def _interpreter(order: Order) -> AbsolutePath:
    """Every Debian's own is new enough; EL 9's is not, and has another beside it."""
    is_debian = order.target.release.format is PackageFormat.DEB
    return AbsolutePath("/usr/bin/python3") if is_debian else order.places.python


def setup_extra(order: Order, templates: Templates) -> dict[str, str]:
    """Its files of debian/."""
    return {name: templates.render(template, **_values(order)) for name, template in TEMPLATES.items()}


def _values(order: Order) -> dict[str, object]:
    return {
        "prefix": order.places.prefix,
        "label": order.project.archive.label,
        "lib": order.places.lib,
        "etc": order.places.etc,
        "config": order.places.config,
        "administrator": order.places.administrator_file,
        "answers": order.places.generated_file,
        "package": order.module.package,
        "version": __version__,
        "interpreter": _interpreter(order),
    }


def _product(order: Order) -> bytes:
    payload = order.module.payload
    assert isinstance(payload, SetupPayload)  # noqa: S101
    content = {
        "format": FORMAT,
        "product": order.places.prefix,
        "module": order.module.name,
        "package": order.module.package,
        "version": __version__,
        "needs": {"memory": payload.memory, "disk": payload.disk},
        **order.product,
    }
    return (json.dumps(content, indent=2) + "\n").encode()
