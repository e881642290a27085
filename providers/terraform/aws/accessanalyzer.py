"""IAM Access Analyzer: analyzers. Whether one is active, and what it finds, is known only in the account."""

from __future__ import annotations

from typing import Final

from providers.aws.accessanalyzer import ANALYZER
from providers.terraform.mapping import Attribute, Mapping

MAPPINGS: Final = (
    Mapping(
        type=ANALYZER,
        terraform="aws_accessanalyzer_analyzer",
        name=Attribute("analyzer_name", None),
        control=True,
        properties={"type": Attribute("type", "ACCOUNT", "provider documentation, aws_accessanalyzer_analyzer")},
    ),
)
