"""What docs/how-to/rpm.md says came of Debian's services is what the acceptance test asserts of each."""

from __future__ import annotations

import re

from tests.acceptance.services import SERVICES
from tests.conftest import ROOT

PAGE = ROOT / "docs/how-to/rpm.md"


def test_the_page_says_of_every_service_that_is_tried_what_comes_of_it_and_of_no_other() -> None:
    _, _, section = PAGE.read_text().partition("## Convert")
    table = section.partition("| --- | --- |\n")[2].partition("\n\n")[0]
    assert dict(re.findall(r"(?m)^\| (.+?) \| (.+) \|$", table)) == {
        ", ".join(service.packages): service.outcome for service in SERVICES
    }
