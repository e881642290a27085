"""AWS Transfer Family: servers."""

from __future__ import annotations

from typing import Final

from providers.aws.transfer import SERVER
from providers.terraform.mapping import Attribute, Mapping

MAPPINGS: Final = (
    Mapping(
        type=SERVER,
        terraform="aws_transfer_server",
        name=Attribute("id", None, computed=False),
        properties={"protocols": Attribute("protocols", ["SFTP"], "provider documentation, aws_transfer_server: SFTP")},
    ),
)
