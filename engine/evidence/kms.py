"""A signing key in AWS KMS: its private half never leaves KMS, and each signature is a call (API operation Sign).

    key = opened("aws-kms://arn:aws:kms:eu-central-1:111122223333:key/...")     asks for the public half (GetPublicKey)
    key.sign(message)

KMS signs plain Ed25519 (RFC 8032) where the key is of spec ECC_NIST_EDWARDS25519, the algorithm ED25519_SHA_512 and the
message handed over whole (MessageType RAW, at most 4,096 bytes); ED25519_PH_SHA_512 is another algorithm, which no
verifier of Ed25519 accepts. So whoever verifies need not know where a key was kept. What KMS answers is verified before
it is used. Region comes from the ARN; credentials, endpoint (AWS_ENDPOINT_URL_KMS) and attempts (AWS_MAX_ATTEMPTS) are
the business of boto3's usual chain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from engine.errors import AuditreelError, SealError, UsageError
from engine.evidence import canonical

T = TypeVar("T")

SCHEME: Final = "aws-kms://"
LONGEST: Final = 4096
"""Bytes of a message that KMS signs whole."""
GET: Final = "kms:GetPublicKey"
SIGN: Final = "kms:Sign"
_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:kms:([a-z0-9-]{1,40}):[0-9]{12}:(?:key/[a-z0-9-]{1,64}|alias/[\w/-]{1,250})", re.A
)
_AGAIN: Final = "see that KMS can be reached and asked from here; the same command then goes on"
_NOT_EDWARDS: Final = "it takes a key of spec ECC_NIST_EDWARDS25519 and usage SIGN_VERIFY"
_CREDENTIALS: Final = "the credentials at hand are not accepted: renew them (boto3's usual chain finds them)"
_TO_DO: Final[Mapping[str, str]] = {
    "AccessDeniedException": "allow {action} on the key to the role that runs this, in the key's policy or by IAM",
    "NotFoundException": "there is no such key or alias: correct the ARN, or name the key's own ARN",
    "InvalidArnException": "there is no such key or alias: correct the ARN, or name the key's own ARN",
    "DisabledException": "enable the key (kms:EnableKey), or find out first who disabled it, and why",
    "KMSInvalidStateException": "the key is about to be deleted, or has no key material: cancel its deletion "
    "(kms:CancelKeyDeletion) and enable it",
    "InvalidKeyUsageException": _NOT_EDWARDS,
    "UnsupportedOperationException": _NOT_EDWARDS,
    "ExpiredTokenException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "UnrecognizedClientException": _CREDENTIALS,
    "InvalidSignatureException": _CREDENTIALS,
    "ThrottlingException": _AGAIN,
    "LimitExceededException": _AGAIN,
    "KeyUnavailableException": _AGAIN,
    "DependencyTimeoutException": _AGAIN,
    "KMSInternalException": _AGAIN,
}


class KmsError(SealError):
    """KMS did not do what it was asked for. ``action`` is what IAM calls that; ``code`` is KMS's own word, if any."""

    def __init__(self, message: str, action: str, code: str = "") -> None:
        self.action, self.code = action, code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class KmsKey:
    """An Ed25519 key in AWS KMS, with its public half as KMS told it when it was opened.

    ``address`` is ``aws-kms://`` and the ARN of the key or of an alias.
    """

    address: str
    public: bytes
    _client: Any = field(repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """SHA-256 of the public key."""
        return canonical.digest(self.public)

    @property
    def longest(self) -> int:
        """Bytes of the longest message that it signs."""
        return LONGEST

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature, which verifies under the public half.

        Raises KmsError where KMS does not sign, or by another key; SealError for a message that is too long.
        """
        if len(message) > LONGEST:
            raise SealError(
                f"signing with {self.address}: {len(message):,} bytes, and KMS signs at most {LONGEST:,}; nothing was "
                "written. This is a defect, please report it"
            )
        signature: bytes | None = self._asked(message).get("Signature")
        if signature is None:
            raise KmsError(f"signing with {self.address}: the answer holds no signature: {_AGAIN}", SIGN)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise KmsError(
                f"signing with {self.address}: what KMS answered does not verify under the key {self.key_id[:16]}...; "
                "nothing was written. See whether the alias was pointed at another key meanwhile",
                SIGN,
            ) from None
        return signature

    def refuse_unable(self) -> None:
        """Raises KmsError where KMS would not sign. Nothing is signed (parameter DryRun of Sign)."""
        try:
            self._asked(b"auditreel doctor", DryRun=True)
        except KmsError as error:
            if error.code != "DryRunOperationException":
                raise
            return
        raise KmsError(f"trying to sign with {self.address}: KMS signed though asked for a dry run", SIGN)

    def _asked(self, message: bytes, **more: Any) -> Mapping[str, Any]:
        given = {"Message": message, "MessageType": "RAW", "SigningAlgorithm": "ED25519_SHA_512", **more}
        answer: Mapping[str, Any] = _ask(
            self.address, "signing with", SIGN, lambda: self._client.sign(KeyId=_arn(self.address), **given)
        )
        return answer


def is_address(text: str) -> bool:
    """Whether a text names a key in KMS, rightly or not."""
    return text.startswith(SCHEME)


def opened(address: str) -> KmsKey:
    """The key of an address (``aws-kms://`` and the ARN of a key or alias), with its public half.

    Raises UsageError for an address that is none, or without boto3; KmsError where KMS does not give the public half,
    or that of a key that does not sign Ed25519.
    """
    found = _ARN.fullmatch(address.removeprefix(SCHEME)) if is_address(address) else None
    if found is None:
        raise UsageError(
            f"opening the signing key {address}: a key in KMS is named {SCHEME} and the ARN of a key or of an alias, "
            f"such as {SCHEME}arn:aws:kms:eu-central-1:111122223333:alias/auditreel"
        )
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise UsageError(f"opening the signing key {address}: needs boto3: pip install 'auditreel[aws]'") from error
    settings = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard"})
    doing = "asking for the public half of"
    client = _ask(address, doing, GET, lambda: boto3.client("kms", region_name=found[1], config=settings))
    answer: Mapping[str, Any] = _ask(address, doing, GET, lambda: client.get_public_key(KeyId=_arn(address)))
    try:
        public = load_der_public_key(answer.get("PublicKey") or b"")
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, Ed25519PublicKey) or answer.get("KeyUsage") != "SIGN_VERIFY":
        said = f"of spec {answer.get('KeySpec', 'unknown')} and usage {answer.get('KeyUsage', 'unknown')}"
        raise KmsError(f"{doing} {address}: it is {said}, and signs no Ed25519: {_NOT_EDWARDS}", GET)
    return KmsKey(address, public.public_bytes_raw(), client)


def _arn(address: str) -> str:
    return address.removeprefix(SCHEME)


def _ask(address: str, doing: str, action: str, call: Callable[[], T]) -> T:
    """What KMS answers. Raises KmsError with what to do where it does not."""
    from botocore.exceptions import ClientError

    try:
        return call()
    except AuditreelError:
        raise
    except ClientError as error:
        said = error.response.get("Error", {})
        code = str(said.get("Code", "no code"))
        to_do = _TO_DO.get(code, _AGAIN).format(action=action)
        raise KmsError(f"{doing} {address}: {code}: {said.get('Message', '')}: {to_do}", action, code) from error
    except Exception as error:  # no connection, no credentials; and botocore's parsers raise what they like
        why = f"{type(error).__name__}: {error}"
        raise KmsError(f"{doing} {address}: {why}: {_AGAIN}", action) from error
