"""Whether a run is traced by OpenTelemetry, as the environment says that OpenTelemetry specifies; by default it is not.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. Nothing of OpenTelemetry is imported
before it is switched on. Whatever is wrong with traces is said once, and the run goes on as it would without them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from engine.cli import streams
from engine.collection.observer import NOBODY, Observer

if TYPE_CHECKING:
    from engine.cli.spans import Spans

PATIENCE: Final = 5.0
"""Seconds that spans which are still to be delivered are waited for, unless OTEL_BSP_EXPORT_TIMEOUT says otherwise."""
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL: Final = "http/protobuf"


@contextmanager
def traced(environment: Mapping[str, str] | None = None) -> Iterator[Observer]:
    """Who writes the traces of the run that is under way inside; nobody where none are asked for, or can be written."""
    environment = os.environ if environment is None else environment
    spans = _spans(environment)
    if spans is None:
        yield NOBODY
        return
    try:
        yield spans
    except BaseException as error:
        spans.failed(error)
        raise
    finally:
        lost = spans.close(_patience(environment))
        if lost:
            streams.say(f"traces: {lost}; the run is not touched by that")


def _spans(environment: Mapping[str, str]) -> Spans | None:
    if not _asked_for(environment):
        return None
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), _PROTOCOL)
    if protocol != _PROTOCOL:
        _refuse(f"they are sent by {_PROTOCOL} alone, and the environment asks for {protocol}")
        return None
    try:
        from engine.cli.spans import Spans

        return Spans(environment)
    except ModuleNotFoundError as error:
        _refuse(f"{error.name} is not installed: pip install 'auditreel[otel]'")
    except Exception as error:  # a certificate that is not there, a number that is none: nothing that a run depends on
        _refuse(f"OpenTelemetry does not take the environment's settings ({type(error).__name__})")
    return None


def _refuse(why: str) -> None:
    streams.say(f"traces: none are written: {why}")


def _asked_for(environment: Mapping[str, str]) -> bool:
    """Whether there is an exporter: named, or by its endpoint. Empty is as good as not set, as is specified."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    named = {name.strip() for name in environment.get("OTEL_TRACES_EXPORTER", "").split(",") if name.strip()}
    unknown = sorted(named - {"otlp", "none"})
    if unknown:
        _refuse(f"OTEL_TRACES_EXPORTER names {', '.join(unknown)}; there are otlp and none")
    if named:
        return "otlp" in named and not unknown
    return any(environment.get(name) for name in _ENDPOINTS)


def _patience(environment: Mapping[str, str]) -> float:
    """Seconds that the end of a run may wait."""
    said = environment.get("OTEL_BSP_EXPORT_TIMEOUT", "")
    return int(said) / 1000 if said.isdecimal() and len(said) < 10 else PATIENCE
