"""The control file of a .deb as fields: what python-debian reads of it too, where that is all that dpkg would read.

python-debian is seven times slower, and passes over what is no field, over comments, and over all that follows a line
of blanks. Here each of these is refused, as dpkg does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

REQUIRED = ("Package", "Version", "Architecture", "Maintainer", "Description")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, and what Unicode calls the end of a line."""
CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n"})
"""Those of ASCII."""
FIELD = re.compile(
    r"^([!\"$-,.-9;-~][!-9;-~]*)[ \t]*:([^\n]*)"  # its name, and what stands in its line
    r"((?:\n[ \t][^\S\n]*\S[^\n]*)*)$",  # and the lines that go on, none of blanks alone
    re.MULTILINE,
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
    text = text.strip("\n")
    found = FIELD.findall(text)
    if len(found) + sum([more.count("\n") for _, _, more in found if more]) <= text.count("\n"):
        raise ValueError(f"its control file has {_stray(text)}")
    fields = {name: value.strip() + more for name, value, more in found}
    if len({*map(str.lower, fields)}) != len(found):
        names = [name.lower() for name, _, _ in found]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"its control file has {', '.join(twice)} twice")
    missing = [name for name in REQUIRED if not fields.get(name)]
    if missing:
        raise ValueError(f"its control file lacks {', '.join(missing)}")
    return fields


def _stray(text: str) -> str:
    """The first line of ``text`` that is of no field."""
    at = 0
    for found in FIELD.finditer(text):
        if found.start() != at:
            break
        at = found.end() + 1
    line = text[at:].partition("\n")[0]
    return f"a line that is no field: {line[:40]!r}" if line.strip() else "a second stanza"
