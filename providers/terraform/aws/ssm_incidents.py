"""AWS Systems Manager Incident Manager: response plans."""

from __future__ import annotations

from typing import Final

from providers.aws.ssm_incidents import RESPONSE_PLAN
from providers.terraform.mapping import Mapping

MAPPINGS: Final = (
    Mapping(type=RESPONSE_PLAN, terraform="aws_ssmincidents_response_plan", control=True, properties={}),
)
