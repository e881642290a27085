"""Cloud Logging: where a project's log entries go, how long they are kept, and which of them metrics count.

Source: provider documentation, google_logging_project_sink, google_logging_project_bucket_config,
google_logging_metric.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.logging import BUCKET, METRIC, SINK
from providers.terraform.block import Block
from providers.terraform.google.naming import exists, mapping, text
from providers.terraform.mapping import Attribute, Constant, Derived

_HOST: Final = "logging.googleapis.com"
_DOC: Final = "provider documentation"


def _exclusions(block: Block) -> Any:
    rows = block.blocks("exclusions", optional=True)
    if isinstance(rows, Unread):
        return rows
    return [
        {"name": row.get("name"), "filter": row.get("filter"), "disabled": row.get("disabled", False)} for row in rows
    ]


def _state(block: Block) -> Any:
    return block.get("lifecycle_state", computed=False) if exists(block) else "ACTIVE"


MAPPINGS: Final = (
    mapping(
        _HOST,
        SINK,
        "google_logging_project_sink",
        {
            "destination": Attribute("destination"),
            "filter": Attribute("filter", "", _DOC),
            "disabled": Attribute("disabled", False, _DOC, optional=True),
            "include_children": Constant(False, "API reference, LogSink: only of folders and organizations"),
            "exclusions": Derived(("exclusions.name", "exclusions.filter", "exclusions.disabled"), _exclusions),
        },
        keys=("id", "name"),
        control=True,
    ),
    mapping(
        _HOST,
        BUCKET,
        "google_logging_project_bucket_config",
        {
            "retention_days": Attribute("retention_days", 30, _DOC),
            "locked": Attribute("locked", False, _DOC, optional=True),
            "lifecycle_state": Derived(("lifecycle_state",), _state, "API reference, LogBucket: a new one is active"),
        },
        keys=("id", "name", "bucket_id"),
        name=Attribute("bucket_id", None),
        control=True,
    ),
    mapping(
        _HOST,
        METRIC,
        "google_logging_metric",
        {
            "filter": Attribute("filter"),
            "disabled": Attribute("disabled", False, _DOC, optional=True),
            "bucket": Attribute("bucket_name", None, convert=text, optional=True),
        },
        "metrics",
        control=True,
    ),
)
