"""What the model does not say about a key itself, by the key's path. A key that it does say must not stand here."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "archive.origin": "Who makes the archive; the Origin of its Release files, for ever.",
    "archive.label": "What the archive is called; the Label of its Release files, for ever.",
    "archive.description": "One line about it, in its Release files.",
    "archive.component": "The component of packages for which `katpkg publish --component` names no other.",
    "archive.homepage": "The homepage of packages that name none: the keyring's.",
    "source.kind": "What kind of place it is.",
    "release": "Distribution releases by codename: what differs from those built in, and others.",
    "release.codename": "Its codename; the name of the table when left out.",
    "name": "The module's name; the name of the file when left out.",
    "homepage": "Where the software that is packaged comes from.",
    "section": "The package's section (Debian Policy 2.4).",
    "payload.kind": "What the artifact is made of.",
    "files.path": "Where it lies on the server.",
    "directories.path": "Where it lies on the server.",
    "directories.user": "The account that owns it.",
    "database.name": "The name of the database.",
    "migrations.name": "What it is called where it is told of.",
    "migrations.exec": "The command line, absolute.",
    "migrations.user": "The account it runs as.",
    "migrations.directory": "The working directory.",
    "commands.name": "The name of the command.",
    "settings.name": "The name of the variable.",
    "lintian.tag": "The tag that lintian gives the finding.",
    "lintian.reason": "Why it is right as it is; it goes into the package's overrides.",
    "relations.depends": "What it does not work without.",
    "relations.recommends": "What it is hardly of use without.",
    "relations.suggests": "What makes it more useful.",
    "relations.conflicts": "What it cannot be unpacked beside.",
    "relations.breaks": "What does not work beside it.",
    "relations.replaces": "Whose files it may overwrite.",
    "relations.provides": "What it stands for besides itself.",
    "{module}": "The module's name.",
    "{package}": "The package's name.",
}
