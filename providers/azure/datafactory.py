"""Azure Data Factory: factories."""

from __future__ import annotations

from typing import Final

from providers.azure.readers import bulk
from providers.azure.shapes import Shape, since
from providers.base import GLOBAL, ResourceType

FACTORY: Final = "Microsoft.DataFactory/factories"
TYPES: Final = (ResourceType(FACTORY, GLOBAL),)

FACTORY_SHAPE: Final[Shape] = {"repository_type": since("2018-06-01", "properties.repoConfiguration.type")}

READERS: Final = (bulk(FACTORY, FACTORY_SHAPE),)
