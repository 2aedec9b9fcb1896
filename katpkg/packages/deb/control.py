"""The control file of a .deb as fields: what python-debian reads of it too, where that is all that dpkg would read.

python-debian is seven times slower, and passes over what is no field, over comments, and over all that follows a line
of blanks. Here each of these is refused, as dpkg does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

REQUIRED = ("Package", "Version", "Architecture", "Maintainer", "Description")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, and what Unicode calls the end of a line."""
CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n"})
"""Those of ASCII."""
FIELD = re.compile(
    r"([!\"$-,.-9;-~][!-9;-~]*)[ \t]*:([^\n]*)"  # its name, and what stands in its line
    r"((?:\n[ \t][^\S\n]*\S[^\n]*)*)(?:\n|\Z)"  # and the lines that go on, none of blanks alone
)


def parse_control(content: bytes) -> Mapping[str, str]:
    """The fields in ``content``, in their order, as they are spelled. Raises ValueError, which says what is wrong."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("its control file is no UTF-8") from error
    # the cheap question first, whose yes is enough for almost every package
    if (not text.isascii() or len(content.translate(None, CONTROLS)) < len(content)) and FORBIDDEN.search(text):
        raise ValueError("its control file has control characters in it")
    found = list(_fields(text.strip("\n")))
    names = [name.lower() for name, _ in found]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"its control file has {', '.join(twice)} twice")
    fields = dict(found)
    missing = [name for name in REQUIRED if not fields.get(name, "").strip()]
    if missing:
        raise ValueError(f"its control file lacks {', '.join(missing)}")
    return fields


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Each field with its value; continuation lines stay as they are, with their first blank."""
    at = 0
    while found := FIELD.match(text, at):
        name, value, more = found.groups()
        yield name, value.strip() + more
        at = found.end()
    if at < len(text) or not text:
        line = text[at:].partition("\n")[0]
        if not line or line.isspace():
            raise ValueError("its control file has a second stanza")
        raise ValueError(f"its control file has a line that is no field: {line[:40]!r}")
