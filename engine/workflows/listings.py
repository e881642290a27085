"""The listings of a policy folder as an auditor's requests are answered with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.content.load import Content
from engine.programme.populations import ASKED, Listed


def listed(content: Content, on: date) -> Iterator[Listed]:
    """Every listing of a kind that populations are asked of, as of a day."""
    kinds = {row.listing for row in ASKED.values()}
    told = {name: value for name, value in content.policy.tables.items() if value["kind"] in kinds}
    if not told:
        return
    # What reads workbooks is not loaded for who has none.
    from providers.tables import adapter, listing, reading
    from providers.tables.kinds import KINDS

    folder = content.root.tables
    now = datetime.combine(on, time.max, ZoneInfo("UTC"))
    tables = adapter.open(access={"folder": folder, "tables": told, "as_of": now.isoformat()})
    for said in tables.said:
        file = tables.listing(said)
        table = reading.table(said, file, now)
        whole = isinstance(file, listing.Listing)
        properties = sorted({row.property for row in ASKED.values() if row.listing == said.kind and row.property})
        ends = {name: form.what == "end" for name, form in KINDS[said.kind].forms.items()}
        values = {name: [found.properties.get(name) for found in table.found] for name in properties}
        yield Listed(
            name=said.name,
            kind=said.kind,
            system=said.system,
            extracted_on=said.extracted_at.date(),
            rows=len(table.found),
            sha256=file.sha256 if isinstance(file, listing.Listing) else "",
            files=(folder / said.file, folder / f"{said.name}.yaml") if whole else (),
            wrong=str(table.gap) if table.gap is not None else "",
            days={
                name: [_day(value, said.zone, ends[name]) if isinstance(value, str) else None for value in rows]
                for name, rows in values.items()
            },
            unsaid={
                name: sum(value is not None and not isinstance(value, str) for value in rows)
                for name, rows in values.items()
            },
        )


def _day(instant: str, zone: ZoneInfo, end: bool) -> date:
    """The day that a moment lies in where the listing comes from; the end of a day is still that day."""
    moment = datetime.fromisoformat(instant).astimezone(zone)
    return (moment - timedelta(microseconds=1) if end else moment).date()
