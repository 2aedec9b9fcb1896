"""Every string with a rule: parse it at the edge, and inside it is right by its type.

Each type is a ``str`` whose constructor raises ValueError with the rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Self


class Name(str):
    """A string that matches ``pattern`` whole; ``rule`` tells a person what that means."""

    __slots__ = ()
    pattern: ClassVar[str]
    rule: ClassVar[str]
    _matches: ClassVar[Callable[[str], re.Match[str] | None]]

    def __init_subclass__(cls) -> None:
        cls._matches = cls._compile

    @classmethod
    def _compile(cls, text: str) -> re.Match[str] | None:
        """Match for the first time; of all these patterns a call uses few."""
        cls._matches = re.compile(cls.pattern).fullmatch
        return cls._matches(text)

    def __new__(cls, text: str) -> Self:
        """``text``, or ValueError when it breaks the rule."""
        if cls._matches(text) is None:
            raise ValueError(f"{text!r} is no {cls._noun()}: {cls.rule}")
        return super().__new__(cls, text)

    @classmethod
    def _noun(cls) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()


class ModuleName(Name):
    """A component of the product; also the stem of its file under ``modules/``."""

    __slots__ = ()
    pattern = r"[a-z][a-z0-9-]*"
    rule = "lower case letters, digits and hyphens, a letter first"


class PackageName(Name):
    """A binary package (Debian Policy 5.6.7)."""

    __slots__ = ()
    pattern = r"[a-z0-9][a-z0-9+.-]+"
    rule = "at least two of a-z, 0-9, plus, minus and period, a letter or digit first"


class SourceName(Name):
    """What a package was built of, where it says so. Wider than Policy (5.6.1): others use capitals."""

    __slots__ = ()
    pattern = r"[A-Za-z0-9][A-Za-z0-9+.-]*"
    rule = "letters, digits, plus, minus and period, a letter or digit first"


class Selector(Name):
    """What somebody means who names packages: one, one version of it, or many by a pattern."""

    __slots__ = ()
    pattern = r"[a-z0-9+.*?\[\]!-]+(=[A-Za-z0-9+.:~*?\[\]!-]+)?"
    rule = "NAME or NAME=VERSION, where * ? and [...] stand for what they do in a shell"

    @property
    def name(self) -> str:
        """The part that is about names."""
        return self.partition("=")[0]

    @property
    def is_pattern(self) -> bool:
        """Whether it may mean more than one name."""
        return not {*"*?["}.isdisjoint(self.name)

    def selects(self, name: str, version: str) -> bool:
        """Whether it means that version of that package."""
        return fnmatchcase(name, self.name) and fnmatchcase(version, self.partition("=")[2] or "*")


class Codename(Name):
    """A distribution release: bookworm, noble, el9."""

    __slots__ = ()
    pattern = r"[a-z][a-z0-9]*"
    rule = "lower case letters and digits"


class SuiteName(Name):
    """What a client names in ``Suites:``: a codename, or a codename and a channel."""

    __slots__ = ()
    pattern = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
    rule = "a codename, with -channel when it is not the stable one"


class ChannelName(Name):
    """What follows the codename in the name of a suite for testers: testing."""

    __slots__ = ()
    pattern = r"[a-z0-9]+(-[a-z0-9]+)*"
    rule = "lower case letters, digits and single hyphens"


class Component(Name):
    """An archive component: main."""

    __slots__ = ()
    pattern = r"[a-z][a-z0-9-]*"
    rule = "lower case letters, digits and hyphens"


class Architecture(Name):
    """A Debian architecture, or ``all``."""

    __slots__ = ()
    pattern = r"[a-z0-9]+(-[a-z0-9]+)*"
    rule = "as dpkg --print-architecture says it"
    _made: ClassVar[dict[str, Any]] = {}

    def __new__(cls, text: str) -> Self:
        """The one there is of ``text``: thousands of packages share a few. Raises ValueError when it is none."""
        made: Self = cls._made.get(text) or cls._made.setdefault(text, super().__new__(cls, text))
        return made

    @property
    def is_all(self) -> bool:
        """Whether packages of it run everywhere."""
        return self == "all"


class AccountName(Name):
    """A system user or group (systemd's rule, which is stricter than useradd's)."""

    __slots__ = ()
    pattern = r"[a-z_][a-z0-9_-]{0,30}"
    rule = "at most 31 of a-z, 0-9, underscore and hyphen, a letter first"


class UnitName(Name):
    """A systemd unit without its ``.service``."""

    __slots__ = ()
    pattern = r"[a-z][a-z0-9-]*"
    rule = "lower case letters, digits and hyphens, without .service"


class VariableName(Name):
    """An environment variable that a service reads."""

    __slots__ = ()
    pattern = r"[A-Z_][A-Z0-9_]*"
    rule = "upper case letters, digits and underscores"


class AbsolutePath(Name):
    """Where a file lies on the server: absolute, nothing to normalise."""

    __slots__ = ()
    pattern = r"(/(?!\.{1,2}(/|$))[^/\x00-\x1f\x7f]+)+"
    rule = "absolute, without . or .. or a slash at the end"

    @property
    def relative(self) -> str:
        """The same below some root."""
        return self[1:]


class BucketUrl(Name):
    """A bucket, or a part of one."""

    __slots__ = ()
    pattern = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9][A-Za-z0-9._-]*)*/?"
    rule = "s3://BUCKET, or s3://BUCKET/PREFIX"


class Sha256(Name):
    """A digest in lower case hex."""

    __slots__ = ()
    pattern = r"[0-9a-f]{64}"
    rule = "64 lower case hex digits"


class Fingerprint(Name):
    """A whole OpenPGP fingerprint, never a short id."""

    __slots__ = ()
    pattern = r"[0-9A-F]{40}"
    rule = "40 upper case hex digits"


class Line(Name):
    """Text that goes into one line of a control file or a unit."""

    __slots__ = ()
    pattern = r"[^\x00-\x1f\x7f-\x9f]*"
    rule = "one line without control characters"


class Network(Name):
    """An address or a network, as systemd's IPAddressAllow= takes them."""

    __slots__ = ()
    pattern = r"([0-9]{1,3}\.){3}[0-9]{1,3}(/[0-9]{1,2})?|[0-9a-f:]*:[0-9a-f:]*(/[0-9]{1,3})?"
    rule = "an IP address, or a network like 172.17.0.0/16"
