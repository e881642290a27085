"""Amazon SageMaker AI: notebook instances."""

from __future__ import annotations

from typing import Final

from providers.aws.sagemaker import NOTEBOOK
from providers.terraform.mapping import Attribute, Mapping

MAPPINGS: Final = (
    Mapping(
        type=NOTEBOOK,
        terraform="aws_sagemaker_notebook_instance",
        properties={
            "direct_internet_access": Attribute(
                "direct_internet_access", "Enabled", "provider documentation, aws_sagemaker_notebook_instance"
            ),
            "kms_key_id": Attribute("kms_key_id", None, names="AWS::KMS::Key", convert=lambda key: key or None),
        },
    ),
)
