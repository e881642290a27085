"""Amazon EMR: the block of public access, which moto never switches off, as new accounts have it."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.emulators.identify import Request, identify
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

_DEFAULT: Final = {
    "BlockPublicSecurityGroupRules": True,
    "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
}


def correct(layer: Overrides) -> None:
    held: dict[str, dict[str, Any]] = {}

    def put(request: Request) -> dict[str, Any]:
        held[identify(request).region] = json.loads(request.body)["BlockPublicAccessConfiguration"]
        return {}

    def get(request: Request) -> dict[str, Any]:
        made = {"CreationDateTime": 1700000000, "CreatedByArn": f"arn:aws:iam::{ACCOUNT}:root"}
        return {
            "BlockPublicAccessConfiguration": held.get(identify(request).region, _DEFAULT),
            "BlockPublicAccessConfigurationMetadata": made,
        }

    layer.answer("emr:PutBlockPublicAccessConfiguration", put)
    layer.answer("emr:GetBlockPublicAccessConfiguration", get)
