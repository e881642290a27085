"""Times as clouds serve them, into RFC 3339 UTC text."""

from __future__ import annotations

from datetime import UTC, datetime

from providers.base import MISSING, Unread


def instant(value: datetime | str | None) -> str | Unread:
    """RFC 3339 UTC text ending in Z, microseconds only where there are some.

    Takes what an SDK parsed, or ISO 8601 text; missing_attribute for None, malformed_response for anything else.
    """
    if value is None:
        return MISSING
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (AttributeError, OverflowError, TypeError, ValueError):
        return Unread("malformed_response", detail="not a time")
