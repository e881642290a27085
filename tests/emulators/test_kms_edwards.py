"""The emulated keys answer as AWS documents it: what they sign is Ed25519, and what they do not sign is refused."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.emulators.aws_wire import AwsWire
from tests.emulators.kms_edwards import SPEC


@pytest.fixture
def kms(aws_env: AwsWire) -> Any:
    return boto3.client("kms")


def signed(kms: Any, key: str, **asked: Any) -> Any:
    given = {"Message": b"m", "MessageType": "RAW", "SigningAlgorithm": "ED25519_SHA_512", **asked}
    return kms.sign(KeyId=key, **given)


def refused(kms: Any, key: str, **asked: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refusal:
        signed(kms, key, **asked)
    said = refusal.value.response
    return said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]


def test_a_message_is_signed_by_plain_ed25519_up_to_its_longest(kms: Any) -> None:
    made = kms.create_key(KeySpec=SPEC, KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    kms.create_alias(AliasName="alias/evidence", TargetKeyId=made["KeyId"])
    answer = kms.get_public_key(KeyId="alias/evidence")
    public = load_der_public_key(answer["PublicKey"])
    assert isinstance(public, Ed25519PublicKey)
    assert (len(answer["PublicKey"]), answer["KeyId"], answer["KeySpec"]) == (44, made["Arn"], SPEC)
    assert kms.describe_key(KeyId="alias/evidence")["KeyMetadata"]["KeySpec"] == SPEC
    for message in (b"m", b"m" * 4096):
        answer = signed(kms, made["Arn"], Message=message)
        public.verify(answer["Signature"], message)
        assert len(answer["Signature"]) == 64


def test_what_kms_does_not_sign_is_refused(kms: Any) -> None:
    key = kms.create_key(KeySpec=SPEC, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    assert refused(kms, key, Message=b"m" * 4097) == ("ValidationException", 400)
    assert refused(kms, key, MessageType="DIGEST") == ("ValidationException", 400)
    assert refused(kms, key, SigningAlgorithm="ECDSA_SHA_256") == ("InvalidKeyUsageException", 400)
    assert refused(kms, key, DryRun=True) == ("DryRunOperationException", 412)
    kms.disable_key(KeyId=key)
    assert refused(kms, key) == refused(kms, key, DryRun=True) == ("DisabledException", 400)
    kms.schedule_key_deletion(KeyId=key)
    assert refused(kms, key) == ("KMSInvalidStateException", 400)
    assert refused(kms, "alias/none") == ("NotFoundException", 400)
