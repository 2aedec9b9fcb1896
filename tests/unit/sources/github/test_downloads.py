"""How bytes come: gone on with, asked for anew, waited for; and the token stays at home."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Line
from katpkg.model.source import Choice
from katpkg.report import NoMeter
from katpkg.sources.base import BrokenOff
from katpkg.sources.cache import Cache
from katpkg.sources.github.source import GitHubSource
from katpkg.sources.patience import LONGEST, PAUSES, SPREAD
from katpkg.sources.unpack import open_payload
from tests.builders import make_module, make_wheel
from tests.github.canary import CANARY, tells
from tests.github.hub import CONTENT, TARGET, Hub
from tests.github.routes import Reply
from tests.github.server import Flaw
from tests.github.world import Stored

HALF = len(CONTENT) // 2


def waited(hub: Hub, *told: float) -> bool:
    """Whether it slept as long as it was told each time, and a moment longer, so that not all come back at once."""
    return [0 <= slept - least <= SPREAD for slept, least in zip(hub.slept, told, strict=True)] == [True] * len(told)


def ranges(hub: Hub) -> list[str | None]:
    return [heard.headers.get("range") for heard in hub.github.heard if heard.host == "storage"]


def test_the_token_is_told_to_the_api_each_time_and_to_storage_never(hub: Hub) -> None:
    hub.get(hub.resolve())
    told = {heard.host: heard.headers.get("authorization") for heard in hub.github.heard}
    assert told == {"api": f"Bearer {CANARY}", "storage": None}
    assert all(heard.status in (200, 302) for heard in hub.github.heard)  # storage says 400 to whoever tells it


@pytest.mark.parametrize("upto", [0, 1, HALF, len(CONTENT) - 1])
def test_a_body_that_breaks_off_is_gone_on_with_from_there(upto: int, hub: Hub) -> None:
    hub.github.flaws = [Flaw(times=1, upto=upto)]
    assert hub.get(hub.resolve()).read_bytes() == CONTENT
    assert ranges(hub) == [None, f"bytes={upto}-" if upto else None]


def test_a_body_that_breaks_off_again_and_again_is_gone_on_with_as_long_as_it_gets_on(hub: Hub) -> None:
    step = len(CONTENT) // 10
    hub.github.flaws = [Flaw(times=1, upto=step * number) for number in range(1, 10)]
    assert hub.get(hub.resolve()).read_bytes() == CONTENT
    assert len(ranges(hub)) == 10


def test_a_storage_that_knows_no_ranges_is_asked_for_all_of_it(hub: Hub) -> None:
    hub.github.ranges = False
    hub.github.flaws = [Flaw(times=1, upto=HALF)]
    assert hub.get(hub.resolve()).read_bytes() == CONTENT
    assert ranges(hub) == [None, f"bytes={HALF}-"]


def test_a_body_that_never_comes_to_its_end_is_said_and_what_arrived_is_kept_for_the_next_time(hub: Hub) -> None:
    locked = hub.resolve()
    hub.github.flaws = [Flaw(times=99, upto=HALF)]
    with pytest.raises(BrokenOff, match="it broke off"):
        hub.get(locked)
    assert [path.read_bytes() for path in hub.kept] == [CONTENT[:HALF]]
    assert len(hub.slept) == len(PAUSES)
    hub.github.flaws.clear()
    asked = len(ranges(hub))
    assert hub.get(locked).read_bytes() == CONTENT
    assert ranges(hub)[asked:] == [f"bytes={HALF}-"]
    assert len(hub.kept) == 1


def test_a_file_that_is_shorter_than_promised_is_never_taken_for_whole(hub: Hub) -> None:
    hub.github.flaws = [Flaw(times=99, content=CONTENT[:HALF], honest=True)]
    with pytest.raises(SourceError) as caught:
        hub.get(hub.resolve())
    assert caught.value.message in (
        f"it is cut off: {HALF} of {len(CONTENT)} bytes came",
        "the storage does not have the part that is missing",
    )
    assert [path for path in hub.kept if path.parent.name == "sha256"] == []


def test_an_address_that_wore_off_is_asked_for_again(hub: Hub) -> None:
    locked = hub.resolve()
    hub.github.wears_off = -1.0
    hub.on_sleep = lambda: setattr(hub.github, "wears_off", 60.0)
    assert hub.get(locked).read_bytes() == CONTENT
    assert hub.github.count("/zip") == 2
    assert [heard.status for heard in hub.github.heard if heard.host == "storage"] == [403, 200]


def test_an_address_that_never_holds_is_given_up(hub: Hub) -> None:
    hub.github.flaws = [Flaw(times=99, status=403)]
    with pytest.raises(BrokenOff) as caught:
        hub.get(hub.resolve())
    assert caught.value.message == "the storage refuses the address that we were sent to: 403"
    assert "sig" not in str(caught.value.where)
    assert hub.github.count("/zip") == len(PAUSES) + 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_in_trouble_is_asked_again(status: int, hub: Hub) -> None:
    hub.github.fail("/acme/web", status, times=2)
    hub.github.flaws = [Flaw(times=2, status=status)]
    assert hub.get(hub.resolve()).read_bytes() == CONTENT


def test_a_server_that_stays_in_trouble_is_said(hub: Hub) -> None:
    hub.github.fail("/acme/web", 503, times=99)
    with pytest.raises(BrokenOff) as caught:
        hub.resolve()
    assert (caught.value.message, caught.value.hint) == ("GitHub is in trouble: 503", "try it again later")
    assert len(hub.slept) == len(PAUSES)


def test_a_server_that_is_not_there_is_said(hub: Hub) -> None:
    with pytest.raises(BrokenOff) as caught:
        hub.resolve(api="http://127.0.0.1:1")
    assert caught.value.message.startswith("127.0.0.1 cannot be reached: ")
    assert "HTTPS_PROXY" in str(caught.value.hint)


def test_a_rate_limit_that_is_used_up_is_waited_for(hub: Hub) -> None:
    hub.github.fail("/runs", 403, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(hub.time) + 100))
    hub.resolve()
    assert waited(hub, 101.0)
    assert hub.reporter.told == ["GitHub's rate limit is used up until 11:08:21 UTC; going on in 101 s"]


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_is_waited_for_as_long_as_it_says(status: int, hub: Hub) -> None:
    locked = hub.resolve()
    hub.github.fail("/zip", status, retry_after="7", times=2)
    assert hub.get(locked).read_bytes() == CONTENT
    assert waited(hub, 7.0, 7.0)


def test_a_limit_that_says_no_time_is_waited_for_a_minute(hub: Hub) -> None:
    hub.github.fail("/runs", 429)
    hub.resolve()
    assert waited(hub, 60.0)


@pytest.mark.parametrize(
    ("token", "hint"),
    [(CANARY, "wait until then; what has arrived is kept"), (None, "set GITHUB_TOKEN: that allows far more")],
)
def test_a_limit_that_lasts_too_long_is_said_and_not_waited_for(token: str | None, hint: str, hub: Hub) -> None:
    hub.token = token
    reset = int(hub.time + LONGEST)
    hub.github.fail("/runs", 403, times=99, x_ratelimit_remaining="0", x_ratelimit_reset=str(reset))
    with pytest.raises(BrokenOff) as caught:
        hub.resolve()
    assert re.fullmatch(r"GitHub's rate limit is used up until \d\d:\d\d:\d\d UTC", caught.value.message)
    assert caught.value.hint == hint
    assert hub.slept == []


def test_limits_that_come_one_after_the_other_are_not_waited_for_for_ever(hub: Hub) -> None:
    hub.github.fail("/runs", 403, times=99, retry_after="300")
    with pytest.raises(BrokenOff, match="GitHub asks us to slow down until"):
        hub.resolve()
    assert waited(hub, 300.0, 300.0, 300.0)


def test_those_who_were_told_to_wait_do_not_come_back_at_the_same_moment(hub: Hub) -> None:
    for _ in range(8):
        hub.github.fail("/zip", 429, retry_after="7")
    hub.get(hub.resolve())
    assert len(set(hub.slept)) == 8


def test_whoever_is_stopped_goes_on_the_next_time(hub: Hub) -> None:
    locked = hub.resolve()

    class Stop(NoMeter):
        def advance(self, amount: float = 1, *, label: str | None = None) -> None:  # noqa: ARG002
            if amount:
                hub.stopping.set()

    with pytest.raises(BrokenOff, match="interrupted"):
        Cache(hub.cache).get(locked, hub.source(), Stop())
    (kept,) = hub.kept
    begun = kept.stat().st_size
    assert 0 < begun < len(CONTENT)
    hub.stopping.clear()
    assert hub.get(locked).read_bytes() == CONTENT
    assert ranges(hub) == [None, f"bytes={begun}-"]


class Tunnel(BaseHTTPRequestHandler):
    """A proxy that lets nobody through."""

    heard: ClassVar[list[str]] = []

    def do_CONNECT(self) -> None:
        self.heard.append(f"{self.requestline} {self.headers}")
        self.send_error(502)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_proxy_is_asked_for_a_tunnel_and_not_told_the_token(hub: Hub) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Tunnel) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        access = replace(hub.access, proxy=lambda _: f"http://127.0.0.1:{proxy.server_port}")
        source = GitHubSource(hub.spec(api="https://api.example.org"), Choice(), access, hub.reporter)
        with pytest.raises(BrokenOff, match=r"api\.example\.org cannot be reached: .*502"):
            source.resolve(make_module(), ArtifactRule(name=Line("web-{version}.zip")), TARGET)
        proxy.shutdown()
    assert len(Tunnel.heard) == len(PAUSES) + 1
    assert {heard.partition(" HTTP/")[0] for heard in Tunnel.heard} == {"CONNECT api.example.org:443"}
    assert not tells("".join(Tunnel.heard))


def test_a_list_that_goes_on_at_another_host_is_not_followed_there(hub: Hub) -> None:
    def elsewhere(reply: Reply) -> Reply:
        reply.headers["link"] = f'<{hub.github.storage}/more?page=2>; rel="next"'
        return reply

    hub.github.change("/runs?", elsewhere)
    with pytest.raises(SourceError, match="sends us to another host, which must not see the token") as caught:
        hub.resolve()
    assert caught.value.hint == "set source.api to the address that the API has now"
    assert [heard for heard in hub.github.heard if heard.host == "storage"] == []


def test_a_list_without_end_is_given_up(hub: Hub) -> None:
    def again(reply: Reply) -> Reply:
        reply.headers["link"] = f'<{hub.github.api}/repos/acme/web/actions/workflows/build.yml/runs?page=1>; rel="next"'
        return reply

    hub.github.change("/runs?", again, times=999)
    with pytest.raises(SourceError, match="the list does not end after 50 pages"):
        hub.resolve()


def test_a_repository_that_moved_is_not_followed(hub: Hub) -> None:
    def moved(_: Reply) -> Reply:
        body = {"message": "Moved Permanently", "url": "x", "documentation_url": "x"}
        return Reply(status=301, body=body, headers={"location": f"{hub.github.storage}/repositories/1"})

    hub.github.change("/acme/web", moved)
    with pytest.raises(SourceError, match="the repository has moved"):
        hub.resolve()


def test_what_is_sent_on_for_ever_is_given_up(hub: Hub) -> None:
    locked = hub.resolve()
    hub.github.circle = True
    with pytest.raises(SourceError, match="we are sent on more than 5 times"):
        hub.get(locked)
    assert hub.kept == []


def test_a_token_that_a_server_repeats_is_not_repeated_by_us(hub: Hub) -> None:
    hub.github.fail("/acme/web", 403, f"the token {CANARY} may not")
    with pytest.raises(SourceError) as caught:
        hub.resolve()
    assert caught.value.details == "the token *** may not"
    assert CANARY not in repr(hub.access)


@pytest.mark.parametrize("body", ["nonsense", [], {"id": "x"}, {"full_name": "acme/web"}])
def test_an_answer_that_is_not_githubs_is_said(body: object, hub: Hub) -> None:
    hub.github.checked = False
    hub.github.change("/acme/web", lambda _: Reply(body=body))
    with pytest.raises(SourceError) as caught:
        hub.resolve()
    assert caught.value.hint == "look at source.api"


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/vnd.debian.binary-package"])
def test_a_single_file_that_was_uploaded_as_it_is_is_the_payload(kind: str, hub: Hub) -> None:
    content = b"!<arch>\nit is a package"
    made = hub.repository.artifact(hub.run, "raw-1.0.deb", content, kind=kind)
    locked = hub.resolve(rule=ArtifactRule(name=Line("raw-{version}.deb")))
    payload = open_payload(locked, hub.get(locked), hub.cache / "payload")
    assert [path.name for path in payload.root.iterdir()] == ["raw-1.0.deb"]
    assert locked.digest == Digest.of(content)
    assert made["id"] == provenance_id(locked)


def test_a_wheel_that_was_uploaded_as_it_is_is_not_unpacked_though_it_is_a_zip(hub: Hub, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    hub.repository.artifact(hub.run, wheel.name, wheel.read_bytes(), kind="application/x-wheel+zip")
    locked = hub.resolve(rule=ArtifactRule(name=Line("web-{version}-py3-none-any.whl")))
    payload = open_payload(locked, hub.get(locked), tmp_path / "payload")
    assert [path.read_bytes() for path in payload.root.iterdir()] == [wheel.read_bytes()]
    assert locked.version == "0.0.1.dev1"


def provenance_id(artifact: Artifact) -> int:
    assert artifact.provenance is not None
    return artifact.provenance.id


def test_whatever_is_stored_under_the_digest_is_what_comes(hub: Hub) -> None:
    locked = hub.resolve()
    hub.repository.stored[hub.artifact["id"]] = Stored(content=CONTENT, kind="text/html")
    assert hub.get(locked).read_bytes() == CONTENT
