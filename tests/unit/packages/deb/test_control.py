"""The control file: what python-debian reads of it, where that is the whole of it, and a refusal where it is not."""

from __future__ import annotations

import pytest
from debian.deb822 import Deb822
from hypothesis import given, settings
from hypothesis import strategies as st

from katpkg.packages.deb.control import parse_control

CONTROL = """Package: demo-thing
Version: 1.0-1
Architecture: all
Maintainer: Somebody <somebody@example.org>
Description: a thing
"""

KEYS = st.from_regex(r"X[!-9;-~]{0,12}", fullmatch=True)
BLANKS = st.text(" \t", max_size=3)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30)
CONTINUED = st.tuples(st.sampled_from(" \t"), WORDS, BLANKS).map("".join).filter(lambda line: not line.isspace())
FIELDS = st.tuples(KEYS, BLANKS, BLANKS, WORDS, st.lists(CONTINUED, max_size=3))


def by_python_debian(text: str) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in Deb822(text).items()]


@settings(max_examples=500)
@given(
    st.lists(FIELDS, max_size=5, unique_by=lambda each: each[0].lower()), BLANKS, st.sampled_from(["", "\n", "\n\n"])
)
def test_every_control_file_is_read_as_python_debian_reads_it(
    fields: list[tuple[str, str, str, str, list[str]]], blanks: str, end: str
) -> None:
    lines = [
        "\n".join([f"{key}{before}:{after}{value}{blanks}", *continued])
        for key, before, after, value, continued in fields
    ]
    text = CONTROL + "\n".join(lines) + end
    assert list(parse_control(text.encode()).items()) == by_python_debian(text)


LINES = st.one_of(
    st.sampled_from([*CONTROL.splitlines(), "", " ", "#x: y", " .", "x", "-----BEGIN PGP SIGNED MESSAGE-----", "A :b"]),
    st.text(st.sampled_from("aA: \t#-.\x0b\x85\xa0\u2028\u3000\n"), max_size=12),
)


@settings(max_examples=500)
@given(st.lists(LINES, max_size=6), st.lists(LINES, max_size=6))
def test_whatever_is_not_refused_is_read_as_python_debian_reads_it(before: list[str], after: list[str]) -> None:
    text = "\n".join([*before, CONTROL.strip(), *after])
    try:
        fields = parse_control(text.encode())
    except ValueError:
        return
    assert list(fields.items()) == by_python_debian(text)


REFUSED = {
    "a comment": (CONTROL + "# Depends: x\n", "a line that is no field: '# Depends: x'"),
    "a line without a colon": (CONTROL + "Depends\n", "a line that is no field: 'Depends'"),
    "a continuation of nothing": (" x\n" + CONTROL, "a line that is no field: ' x'"),
    "a name that begins with a hyphen": (CONTROL + "-X: y\n", "a line that is no field: '-X: y'"),
    "a line of blanks, and more": (CONTROL + " \nDepends: x\n", "a second stanza"),
    "Unicode's end of a line": (CONTROL + "X-A: b\u2028Depends: evil\n", "control characters"),
    "nothing": ("", "a second stanza"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_dpkg_would_not_read_as_we_do_is_refused(case: str) -> None:
    text, reason = REFUSED[case]
    with pytest.raises(ValueError, match="its control file") as caught:
        parse_control(text.encode())
    assert reason in str(caught.value)
