"""Microsoft Purview: accounts, each a catalogue of data."""

from __future__ import annotations

from typing import Final

from providers.azure.readers import bulk
from providers.azure.shapes import Shape, always
from providers.base import GLOBAL, ResourceType

ACCOUNT: Final = "Microsoft.Purview/accounts"
TYPES: Final = (ResourceType(ACCOUNT, GLOBAL),)

_ACCOUNT: Final[Shape] = {"provisioning_state": always("properties.provisioningState")}

READERS: Final = (bulk(ACCOUNT, _ACCOUNT),)
