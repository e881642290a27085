"""Amazon EMR: the block of public access as new accounts have it."""

from __future__ import annotations

import json
from typing import Final

from tests.emulators.overrides import Overrides

_DEFAULT: Final = {
    "BlockPublicSecurityGroupRules": True,
    "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
}


def correct(layer: Overrides) -> None:
    layer.rewrite("emr:GetBlockPublicAccessConfiguration", _as_in_new_accounts)


def _as_in_new_accounts(body: bytes) -> bytes:
    # moto has no default; AWS's is on for accounts since July 2019.
    answer = json.loads(body)
    answer["BlockPublicAccessConfiguration"] = answer.get("BlockPublicAccessConfiguration") or _DEFAULT
    return json.dumps(answer).encode()
