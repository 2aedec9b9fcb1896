"""Words on the command line that break a rule: told as wrong usage, with the rule, before anything is read."""

from __future__ import annotations

import pytest

from katpkg.cli import katpkg

WRONG = {
    ("publish", "--component", "Con trib"): "'Con trib' is no component: lower case letters, digits and hyphens",
    ("promote", "bookworm-testing", "bookworm", "Kat A"): "'Kat A' is no selector: NAME or NAME=VERSION",
    ("remove", "bookworm", "kat-a=1_0"): "'kat-a=1_0' is no selector: NAME or NAME=VERSION",
    ("prune", "--pin", ""): "'' is no selector: NAME or NAME=VERSION",
    ("prune", "--keep-versions", "0"): "0 is not in the range x>=1",
    ("prune", "--younger-than", "soon"): "'soon' is no time span",
    ("history", "--last", "0"): "0 is not in the range x>=1",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_word_that_breaks_its_rule_is_wrong_usage(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        katpkg.main(words, prog_name="katpkg")
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert WRONG[words] in " ".join(said.err.split())
    assert said.out == ""
