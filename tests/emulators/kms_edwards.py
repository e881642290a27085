"""The layer that gives moto's KMS the keys of spec ECC_NIST_EDWARDS25519, which it does not know.

moto keeps a key of another spec in the place of each, and with it the key's state, aliases and policies. What they sign
and how they refuse is in the API reference of Sign and GetPublicKey; that the public key is an SPKI of 44 bytes and a
signature 64 bytes of RFC 8032, and what is said of a message type that does not fit, was measured on AWS by others
(floci-io/floci, issue 2924 and pull request 2930).
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.emulators.arguments import with_argument
from tests.emulators.aws_errors import error
from tests.emulators.identify import Request
from tests.emulators.wire import Answer, Exchange, Next

SPEC: Final = "ECC_NIST_EDWARDS25519"
LONGEST: Final = 4096
_TOLD: Final = {
    "KeySpec": SPEC,
    "CustomerMasterKeySpec": SPEC,
    "KeyUsage": "SIGN_VERIFY",
    "SigningAlgorithms": ["ED25519_SHA_512", "ED25519_PH_SHA_512"],
}
_STATES: Final = {
    "Disabled": ("DisabledException", "is disabled."),
    "PendingDeletion": ("KMSInvalidStateException", "is pending deletion."),
}


class EdwardsKeys:
    """Makes, describes and signs with Ed25519 keys. ED25519_PH_SHA_512 is not emulated: nobody here asks for it."""

    def __init__(self) -> None:
        self._keys: dict[str, Ed25519PrivateKey] = {}

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Answer one exchange, if it is about such a key."""
        request, call = exchange.request, exchange.call
        if call.service != "kms" or call.operation not in ("CreateKey", "DescribeKey", "GetPublicKey", "Sign"):
            return await forward(exchange)
        asked = json.loads(request.body)
        if call.operation == "CreateKey":
            return await self._created(exchange, asked, forward)
        described = await self._described(exchange, forward)
        known = json.loads(described.body).get("KeyMetadata", {}) if described.status == 200 else {}
        key = self._keys.get(known.get("KeyId", ""))
        if key is None:
            return await forward(exchange)
        if call.operation == "DescribeKey":
            return described.with_body(json.dumps({"KeyMetadata": {**known, **_TOLD}}).encode())
        if known["KeyState"] in _STATES:
            code, why = _STATES[known["KeyState"]]
            return error(call, code, 400, f"{known['Arn']} {why}")
        if call.operation == "GetPublicKey":
            public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return _answer({"KeyId": known["Arn"], "PublicKey": base64.b64encode(public).decode(), **_TOLD})
        return _signed(exchange, asked, key, known["Arn"])

    async def _created(self, exchange: Exchange, asked: dict[str, Any], forward: Next) -> Answer:
        if asked.get("KeySpec") != SPEC:
            return await forward(exchange)
        if asked.get("KeyUsage") != "SIGN_VERIFY":
            return error(exchange.call, "ValidationException", 400, f"KeyUsage is not compatible with KeySpec {SPEC}.")
        request = with_argument(exchange.request, exchange.call, "KeySpec", "ECC_NIST_P256")
        answer = await forward(Exchange(request, exchange.call))
        made = json.loads(answer.body)["KeyMetadata"]
        self._keys[made["KeyId"]] = Ed25519PrivateKey.generate()
        return answer.with_body(json.dumps({"KeyMetadata": {**made, **_TOLD}}).encode())

    async def _described(self, exchange: Exchange, forward: Next) -> Answer:
        headers = {**exchange.request.headers, "x-amz-target": "TrentService.DescribeKey"}
        body = json.dumps({"KeyId": json.loads(exchange.request.body)["KeyId"]}).encode()
        return await forward(Exchange(Request("POST", "/", headers, body), exchange.call))


def _signed(exchange: Exchange, asked: dict[str, Any], key: Ed25519PrivateKey, arn: str) -> Answer:
    call, algorithm = exchange.call, asked["SigningAlgorithm"]
    message, kind = base64.b64decode(asked["Message"]), asked.get("MessageType", "RAW")
    if not 1 <= len(message) <= LONGEST:
        said = "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length "
        return error(call, "ValidationException", 400, f"{said}between 1 and {LONGEST}")
    if algorithm not in _TOLD["SigningAlgorithms"]:
        said = f"Algorithm {algorithm} is incompatible with key spec {SPEC}."
        return error(call, "InvalidKeyUsageException", 400, said)
    if kind != ("RAW" if algorithm == "ED25519_SHA_512" else "DIGEST"):
        return error(call, "ValidationException", 400, f"Message type {kind} is incompatible")
    if algorithm != "ED25519_SHA_512":
        raise NotImplementedError(algorithm)
    if asked.get("DryRun"):
        said = "The request would have succeeded, but the DryRun option is set."
        return error(call, "DryRunOperationException", 412, said)
    signature = base64.b64encode(key.sign(message)).decode()
    return _answer({"KeyId": arn, "Signature": signature, "SigningAlgorithm": algorithm})


def _answer(fields: dict[str, Any]) -> Answer:
    return Answer(200, (("content-type", "application/x-amz-json-1.1"),), json.dumps(fields).encode())
