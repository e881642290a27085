"""Cloud Logging: where log entries go, how long they are kept, and which of them metrics count.

A sink of a folder or an organization covers what is below it, if it includes its children. So the sinks of all
ancestors are a property of each project.

Source: Cloud Logging API reference, "LogSink", "LogBucket" and "LogMetric".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, Unread
from providers.gcp.assets import Item, resource
from providers.gcp.fields import Field, flag, read, rows, text, whole
from providers.gcp.projects import PROJECT, project_id

if TYPE_CHECKING:
    from providers.gcp.caller import Caller
    from providers.gcp.hierarchy import Ancestor

SINK: Final = "logging.googleapis.com/LogSink"
BUCKET: Final = "logging.googleapis.com/LogBucket"
METRIC: Final = "logging.googleapis.com/LogMetric"
TYPES: Final = (ResourceType(SINK, GLOBAL), ResourceType(BUCKET, GLOBAL), ResourceType(METRIC, GLOBAL))
API: Final = "https://logging.googleapis.com/v2"
HOST: Final = "//logging.googleapis.com/"
PAGE: Final = 1000

_EXCLUSION: Final[Mapping[str, Field]] = {
    "name": Field("name"),
    "filter": Field("filter"),
    "disabled": Field("disabled", flag, False),
}
_SINK: Final[Mapping[str, Field]] = {
    "destination": Field("destination"),
    # An empty filter, which matches every entry, and false are left out.
    "filter": Field("filter", text, ""),
    "disabled": Field("disabled", flag, False),
    "include_children": Field("includeChildren", flag, False),
    "exclusions": Field("exclusions", rows(_EXCLUSION), []),
}
_BUCKET: Final[Mapping[str, Field]] = {
    # "If this value is set to zero at bucket creation time, the default time of 30 days will be used."
    "retention_days": Field("retentionDays", whole, 30),
    "locked": Field("locked", flag, False),
    "lifecycle_state": Field("lifecycleState"),
}
_METRIC: Final[Mapping[str, Field]] = {
    "filter": Field("filter"),
    "disabled": Field("disabled", flag, False),
    # Without one it counts what the project's router gets, else what is in the bucket.
    "bucket": Field("bucketName", text, None),
}


def _sink(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**read(_SINK, item), "name": item["name"].rpartition("/")[2]}


def _bucket(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    location = name.partition("/locations/")[2].partition("/")[0]
    return {**read(_BUCKET, item), "name": name.rpartition("/")[2], "region": location}


def _sinks(gcp: Caller) -> Iterator[Item]:
    parent = f"projects/{gcp.account}"
    for item in gcp.pages("logging.projects.sinks.list", f"{API}/{parent}/sinks", "sinks", size=PAGE):
        yield f"{HOST}{parent}/sinks/{item['name']}", item


def _buckets(gcp: Caller) -> Iterator[Item]:
    url = f"{API}/projects/{gcp.account}/locations/-/buckets"
    for item in gcp.pages("logging.projects.locations.buckets.list", url, "buckets", size=PAGE):
        yield HOST + item["name"], item


def _metric(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**read(_METRIC, item), "name": item["name"]}


def _metrics(gcp: Caller) -> Iterator[Item]:
    parent = f"projects/{gcp.account}"
    for item in gcp.pages("logging.projects.metrics.list", f"{API}/{parent}/metrics", "metrics", size=PAGE):
        yield f"{HOST}{parent}/metrics/{item['name']}", item


def _inherited(gcp: Caller, scope: Scope) -> Iterator[Found]:
    found: list[Any] = []
    for ancestor in gcp.ancestors:
        sinks = ancestor.unread or _sinks_of(gcp, ancestor)
        if isinstance(sinks, Unread):
            # There may be more: an element of which nothing was read.
            found.append(dict.fromkeys((*_SINK, "set_on", "name"), sinks))
        else:
            found += sinks
    yield Found(PROJECT, project_id(gcp.number), {"inherited_log_sinks": found})


def _sinks_of(gcp: Caller, ancestor: Ancestor) -> list[dict[str, Any]] | Unread:
    operation = f"logging.{ancestor.name.partition('/')[0]}.sinks.list"

    def listed() -> list[dict[str, Any]]:
        items = gcp.pages(operation, f"{API}/{ancestor.name}/sinks", "sinks", size=PAGE)
        return [{**read(_SINK, item), "set_on": ancestor.name, "name": item["name"]} for item in items]

    return gcp.above(operation, ancestor, listed, "logging.sinks.list")


READERS: Final = (
    resource(
        SINK,
        tuple(_SINK),
        _sink,
        operations=("logging.projects.sinks.list",),
        items=_sinks,
        permissions=("logging.sinks.list",),
    ),
    resource(
        BUCKET,
        tuple(_BUCKET),
        _bucket,
        operations=("logging.projects.locations.buckets.list",),
        items=_buckets,
        permissions=("logging.buckets.list",),
    ),
    resource(
        METRIC,
        tuple(_METRIC),
        _metric,
        operations=("logging.projects.metrics.list",),
        items=_metrics,
        permissions=("logging.logMetrics.list",),
    ),
    Reader(
        operations=("logging.folders.sinks.list", "logging.organizations.sinks.list"),
        read=_inherited,
        where=GLOBAL,
        fills={PROJECT: ("inherited_log_sinks",)},
        permissions=("logging.sinks.list",),
    ),
)
