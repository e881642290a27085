"""Cloud Run: services, functions of the second generation, which are services, and those of the first.

Who may invoke a function of the second generation, its service's policy says (Cloud Run functions, "IAM roles": Cloud
Functions Invoker is for the first generation). So google_cloudfunctions2_function_iam_* is not read, and the policies
of google_cloud_run_service_iam_* are the function's as well.

Sources: provider documentation, google_cloud_run_service, google_cloud_run_v2_service, google_cloudfunctions2_function,
google_cloudfunctions_function; Cloud Run, "Restrict network ingress". No reference says that labels of a function
become its service's: firebase/firebase-tools, issue 7850 ("Labels not applied to Cloud Run services") shows one without
them, and services are known that have them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from providers.base import Unread
from providers.gcp.fields import malformed
from providers.gcp.run import FUNCTION, INGRESS, SERVICE, UNCHECKED, ingress, invoker_check_disabled, own_labels
from providers.terraform.block import Block
from providers.terraform.google.iam_policies import PRINCIPALS, parts
from providers.terraform.google.naming import LABELS, NOT_HELD, exists, identity, labels, mapping
from providers.terraform.mapping import Attribute, Derived, Where

_HOST: Final = "run.googleapis.com"
_FUNCTIONS: Final = "cloudfunctions.googleapis.com"
_SERVICES: Final = "locations/{region}/services"
_DOC: Final = "provider documentation"
_EVERYWHERE: Final = "Cloud Run, 'Restrict network ingress': where nothing is said, from everywhere"
_OF_SERVICE: Final = {
    "INGRESS_TRAFFIC_ALL": "all",
    "INGRESS_TRAFFIC_INTERNAL_ONLY": "internal",
    "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": "internal-and-cloud-load-balancing",
}
_OF_FUNCTION: Final = {
    "ALLOW_ALL": "all",
    "ALLOW_INTERNAL_ONLY": "internal",
    "ALLOW_INTERNAL_AND_GCLB": "internal-and-cloud-load-balancing",
}
"""From where requests come, in the words of the annotation that the live adapter reads."""
_PARTS: Final = tuple(
    part
    for prefix, link in (("google_cloud_run_service", "service"), ("google_cloud_run_v2_service", "name"))
    for part in parts(prefix, link, _HOST, ("project", "location"), _SERVICES)
)


def _aliases(block: Block) -> Iterator[str]:
    """What resources of the policy call a service once they are there."""
    project, region = block.referring.place()
    name = block.get("name", None, computed=False)
    if isinstance(name, str) and project is not None and region is not None:
        yield f"projects/{project}/{_SERVICES.format(region=region)}/{name}"
        yield f"v1/projects/{project}/{_SERVICES.format(region=region)}/{name}"


def _notes(block: Block) -> Any:
    """The annotations of a service: since version 5 the provider tells all of them while planning."""
    every = block.get("metadata.effective_annotations", None, optional=True, computed=False)
    if isinstance(every, dict):
        return every
    if isinstance(every, Unread) and (exists(block) or every.reason != "known_after_apply"):
        return every
    return block.get("metadata.annotations", {}, optional=True)


def _noted(name: str, read: Callable[[Any], Any]) -> Derived:
    def found(block: Block) -> Any:
        notes = _notes(block)
        value = notes.get(name) if isinstance(notes, dict) else None
        return value if isinstance(value, Unread) else read(notes)

    return Derived(("metadata.annotations",), found, _EVERYWHERE)


def _said(words: Mapping[str, str]) -> Callable[[Any], Any]:
    return lambda value: words.get(value, malformed("a kind of ingress that is known"))


def _service(block: Block, where: Where) -> Any:
    """The service of a function, which is named once it is there."""
    name = block.get("service_config.service", None, computed=False)
    return f"//{_HOST}/{name}" if isinstance(name, str) and name.startswith("projects/") else None


_BOTH: Final = labels("metadata.labels", "metadata.effective_labels")
_PERHAPS: Final = Unread("ambiguous", detail="a function's labels are not always its service's")


def _labelled(block: Block) -> Any:
    """The labels of the service of a function: what the function has, the service may have."""
    own = LABELS.read(block)
    return dict.fromkeys(own, _PERHAPS) if isinstance(own, dict) else own


def _checked(block: Block) -> Any:
    # Of a function that is there somebody may have switched it off at its service.
    return NOT_HELD if exists(block) else False


MAPPINGS: Final = (
    mapping(
        _HOST,
        SERVICE,
        "google_cloud_run_service",
        {
            "ingress": _noted(INGRESS, ingress),
            "invoker_check_disabled": _noted(UNCHECKED, invoker_check_disabled),
            "principals": PRINCIPALS,
            "tags": Derived(("metadata.labels",), lambda block: own_labels(_BOTH.read(block))),
        },
        keys=("id", "name"),
        aliases=_aliases,
        identity=identity(_HOST, _SERVICES),
        parts=_PARTS,
    ),
    mapping(
        _HOST,
        SERVICE,
        "google_cloud_run_v2_service",
        {
            "ingress": Attribute("ingress", "INGRESS_TRAFFIC_ALL", _EVERYWHERE, convert=_said(_OF_SERVICE)),
            "invoker_check_disabled": Attribute("invoker_iam_disabled", False, _DOC, optional=True),
            "principals": PRINCIPALS,
            "tags": LABELS,
        },
        keys=("id", "name"),
        aliases=_aliases,
        identity=identity(_HOST, _SERVICES),
        parts=_PARTS,
    ),
    mapping(
        _HOST,
        SERVICE,
        "google_cloudfunctions2_function",
        {
            "ingress": Attribute("service_config.ingress_settings", "ALLOW_ALL", _DOC, convert=_said(_OF_FUNCTION)),
            "invoker_check_disabled": Derived((), _checked, "Cloud Run: the check is on where nobody switched it off"),
            "principals": PRINCIPALS,
            "tags": Derived(("labels",), _labelled),
        },
        keys=("name", "service_config.service"),
        aliases=_aliases,
        identity=_service,
        parts=_PARTS,
    ),
    mapping(
        _FUNCTIONS,
        FUNCTION,
        "google_cloudfunctions_function",
        {
            "http_trigger": Attribute("trigger_http", False, _DOC, convert=bool),
            "ingress": Attribute("ingress_settings", "ALLOW_ALL", _DOC, convert=lambda value: value or "ALLOW_ALL"),
            "principals": PRINCIPALS,
            "tags": LABELS,
        },
        "locations/{region}/functions",
        keys=("id", "name"),
        parts=parts(
            "google_cloudfunctions_function",
            "cloud_function",
            _FUNCTIONS,
            ("project", "region"),
            "locations/{region}/functions",
        ),
    ),
)
