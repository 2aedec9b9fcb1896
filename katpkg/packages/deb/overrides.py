"""What lintian finds in every package of a kind although it is right as it is, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator

from katpkg.model.binary import INPUTS_FIELD
from katpkg.model.module import LintianOverride
from katpkg.model.names import Line
from katpkg.model.package import EntryKind, PackageSpec
from katpkg.model.target import Compression

OPT = (
    ("dir-or-file-in-opt", "administrators' scripts look for virtual environments below /opt/venvs"),
    ("unstripped-binary-or-object", "files of wheels are listed with their digests in RECORD and stay as they are"),
    ("embedded-library", "a virtual environment brings the versions its lock names"),
    ("interpreter-in-usr-local", "a file of a wheel, which stays as it is; nothing runs it as a command"),
    ("executable-not-elf-or-script", "modes of files in wheels are their authors'"),
    ("script-not-executable", "modes of files in wheels are their authors'"),
    ("privacy-breach-generic", "documentation inside wheels, which nobody is shown"),
    ("repeated-path-segment", "names of modules inside wheels are their authors'"),
    ("extra-license-file", "wheels carry their licences where Python's tools look for them"),
    ("package-installs-python-bytecode", "a file of a wheel, which stays as it is"),
    ("national-encoding", "a file of a wheel, which stays as it is"),
    ("embedded-javascript-library", "a virtual environment brings the versions its lock names"),
    ("font-in-non-font-package", "a file of a wheel, which stays as it is"),
)

INTERPRETER = LintianOverride(
    tag=Line("unusual-interpreter"),
    context=Line("* [opt/venvs/*]"),
    reason=Line("the interpreter is the virtual environment's own link to the system's python3"),
)

PRIVATE = LintianOverride(
    tag=Line("non-standard-file-perm"),
    context=Line("* [etc/*]"),
    reason=Line("the administrator may put secrets there"),
)

INPUTS = LintianOverride(
    tag=Line("unknown-field"),
    context=Line(INPUTS_FIELD),
    reason=Line("the digest of what the package was built from, so that equal inputs are built once"),
)

ZSTD = LintianOverride(
    tag=Line("malformed-deb-archive"),
    context=Line("*"),
    reason=Line("members compressed with zstd are what this target's dpkg reads"),
)


def overrides_for(spec: PackageSpec, compression: Compression) -> Iterator[LintianOverride]:
    """Those that ``spec`` needs by its kind, and its module's own."""
    yield INPUTS
    if any(entry.kind is EntryKind.CONFFILE and entry.mode & 0o007 == 0 for entry in spec.entries):
        yield PRIVATE
    if spec.virtual_environment is not None:
        for tag, reason in OPT:
            yield LintianOverride(tag=Line(tag), context=Line("*[opt/venvs/*]"), reason=Line(reason))
        yield INTERPRETER
    if compression is Compression.ZSTD:
        yield ZSTD
    yield from spec.lintian
