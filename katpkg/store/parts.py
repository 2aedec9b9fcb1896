"""Big files, in parts: no request is so long that it had better not fail."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Mapping

from katpkg.store.content import Content
from katpkg.store.refusals import Refused
from katpkg.store.wire import Wire

LIMIT = 64 << 20
"""What is bigger goes in parts."""
PART = 16 << 20


def upload(wire: Wire, key: str, content: Content, headers: Mapping[str, object], condition: Mapping[str, str]) -> None:
    """Write ``content`` under ``key``; it is there when the last part is, or not at all. Raises Refused."""
    answer = wire.ask("create_multipart_upload", key, ChecksumAlgorithm="SHA256", **headers)
    name = {"UploadId": answer["UploadId"]}
    try:
        parts: list[dict[str, object]] = []
        while block := content.read_full(PART):
            parts.append(_upload_part(wire, key, block, {**name, "PartNumber": len(parts) + 1}))
        wire.ask("complete_multipart_upload", key, MultipartUpload={"Parts": parts}, **name, **condition)
    except BaseException:
        with contextlib.suppress(Refused):  # what is left of it costs money
            wire.ask("abort_multipart_upload", key, **name)
        raise


def _upload_part(wire: Wire, key: str, block: bytes, name: Mapping[str, object]) -> dict[str, object]:
    checksum = base64.b64encode(hashlib.sha256(block).digest()).decode()
    answer = wire.ask("upload_part", key, Body=block, ChecksumSHA256=checksum, **name)
    return {"PartNumber": name["PartNumber"], "ETag": answer["ETag"], "ChecksumSHA256": checksum}
