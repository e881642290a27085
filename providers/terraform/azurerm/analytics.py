"""Azure Data Factory and Microsoft Purview."""

from __future__ import annotations

from typing import Any, Final

from providers.azure import datafactory, purview
from providers.base import Unread
from providers.terraform.azurerm.naming import NAME, RESOURCE, identity
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Mapping

_REPOSITORIES: Final = {
    "github_configuration": "FactoryGitHubConfiguration",
    "vsts_configuration": "FactoryVSTSConfiguration",
}
"""What the API calls a repository (Factories, FactoryRepoConfiguration), by the block that names it."""


def _repository(block: Block) -> Any:
    found = {kind: block.blocks(path) for path, kind in _REPOSITORIES.items()}
    told = next((kind for kind, own in found.items() if own and not isinstance(own, Unread)), None)
    return told or next((own for own in found.values() if isinstance(own, Unread)), None)


MAPPINGS: Final = (
    Mapping(
        type=datafactory.FACTORY,
        terraform="azurerm_data_factory",
        keys=RESOURCE,
        name=NAME,
        identity=identity(datafactory.FACTORY),
        properties={"repository_type": Derived(tuple(_REPOSITORIES), _repository)},
    ),
    Mapping(
        type=purview.ACCOUNT,
        terraform="azurerm_purview_account",
        keys=RESOURCE,
        name=NAME,
        identity=identity(purview.ACCOUNT),
        # How far it is set up only the account itself tells.
        properties={},
    ),
)
