"""A sample of the campaign, another one every day; KATPKG_FAULT_SEED plays one again. ``make fault`` plays it all."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from scripts.lab.s3 import ENVIRONMENT
from tests.fault.campaign import SAMPLE
from tests.fault.cases import SEED, seed

pytestmark = [pytest.mark.integration]


@pytest.mark.parametrize("part", SAMPLE)
def test_nothing_is_lost_and_nothing_is_half_done_whatever_goes_wrong(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    caplog.set_level(logging.INFO)
    logging.info("the sample of %s=%s", SEED, seed())
    assert SAMPLE[part](tmp_path) == []
