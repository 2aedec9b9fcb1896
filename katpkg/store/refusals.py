"""What it means when an S3 store, or the way to it, says no."""

from __future__ import annotations

from katpkg.errors import StoreError

CREDENTIALS = (
    "there are no usable credentials for the store",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws/config that has them",
)
NOT_ACCEPTED = (
    "the store does not accept the credentials",
    "check the access key and its secret; temporary ones expire: get new ones",
)
DENIED = (
    "access denied",
    "allow s3:GetObject, s3:PutObject and s3:DeleteObject on the archive, and s3:ListBucket on its bucket",
)
ELSEWHERE = ("the bucket is in another region", "set region to the bucket's own")
UNREACHABLE = ("the store cannot be reached", "check the endpoint and the network, then try again")
SILENT = ("the store does not answer properly", "try again later: what was published before is whole")
DAMAGED = ("what arrives at the store is not what was sent", "look for a faulty network or proxy, then publish again")

MEANINGS = {
    "NoCredentialsError": CREDENTIALS,
    "PartialCredentialsError": CREDENTIALS,
    "CredentialRetrievalError": CREDENTIALS,
    "TokenRetrievalError": CREDENTIALS,
    "SSOTokenLoadError": CREDENTIALS,
    "UnauthorizedSSOTokenError": CREDENTIALS,
    "ProfileNotFound": ("there is no such profile", "name one that ~/.aws/config or ~/.aws/credentials has"),
    "NoRegionError": ("no region is known", "set region to the bucket's own"),
    "InvalidAccessKeyId": NOT_ACCEPTED,
    "SignatureDoesNotMatch": NOT_ACCEPTED,
    "ExpiredToken": NOT_ACCEPTED,
    "InvalidToken": NOT_ACCEPTED,
    "AccessDenied": DENIED,
    "Forbidden": DENIED,
    "403": DENIED,
    "NoSuchBucket": ("there is no such bucket", "create it, or correct its name"),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set it: timedatectl set-ntp true"),
    "PermanentRedirect": ELSEWHERE,
    "AuthorizationHeaderMalformed": ELSEWHERE,
    "BadDigest": DAMAGED,
    "XAmzContentSHA256Mismatch": DAMAGED,
    "EndpointConnectionError": UNREACHABLE,
    "ConnectTimeoutError": UNREACHABLE,
    "ProxyConnectionError": UNREACHABLE,
    "SSLError": ("the store's certificate is not trusted", "check the endpoint, or add its authority to the system's"),
}
"""By the code of an answer, or by the name of what the client raised."""

TRANSIENT_STATUS = {429, 500, 502, 503, 504}
TRANSIENT = {
    "ConditionalRequestConflict",
    "OperationAborted",
    "RequestTimeout",
    "SlowDown",
    "BadDigest",  # ours was right when it left
    "IncompleteBody",
    "XAmzContentSHA256Mismatch",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "HTTPClientError",
    "IncompleteReadError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "ResponseStreamingError",
}
NEVER_ARRIVED = {"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"}


class Refused(StoreError):
    """The store said no, or nothing that can be understood.

    ``status`` is the answer's, 0 without one. ``is_doubtful`` when the request, or an earlier try of it, may have been
    carried out all the same.
    """

    def __init__(self, code: str, said: str, *, status: int = 0, where: str, retry_after: float = 0.0) -> None:
        message, hint = MEANINGS.get(code, SILENT if status in TRANSIENT_STATUS or not status else (None, None))
        super().__init__(
            message or f"the store refuses: {status} {code}",
            where=where,
            hint=hint or "check the configuration of the store",
            details=f"{code}: {said}" if said else code,
        )
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.is_doubtful = False

    @property
    def is_transient(self) -> bool:
        """Whether another try may do."""
        return self.status in TRANSIENT_STATUS or self.code in TRANSIENT

    @property
    def is_unclear(self) -> bool:
        """Whether this answer, or the lack of one, leaves open if the request was carried out."""
        return self.status >= 500 if self.status else self.code not in NEVER_ARRIVED

    @property
    def is_absence(self) -> bool:
        """Whether it says that there is no such object."""
        return self.status == 404 and self.code not in ("NoSuchBucket", "NoSuchUpload")

    @property
    def is_denial(self) -> bool:
        """Whether it says that access is denied, as stores also say of what is absent to who may not list."""
        return self.status == 403 and MEANINGS.get(self.code) is DENIED
