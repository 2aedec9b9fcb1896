"""How to reach a bucket."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """What an S3 client needs to know besides the bucket. Never secrets: the AWS tools' own places have them."""

    endpoint: str | None = None
    """The URL of a store that is not Amazon's."""
    region: str | None = None
    """The region of the bucket; what the AWS tools are configured for when left out."""
    profile: str | None = None
    """A profile of ~/.aws/config, for credentials and region."""
    role: str | None = None
    """The ARN of a role to assume."""
    path_style: bool = False
    """Whether the bucket stands in the path and not in the host name, as many stores that are not Amazon's want it."""
