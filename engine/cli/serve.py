"""``auditreel serve``: a read-only page over evidence stores, and the links by which people see it."""

from __future__ import annotations

import ipaddress
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from engine.cli import options, settings, shown, streams
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.serve.guard import Bounds
    from engine.serve.links import Links

_IN_FRONT: Final = (
    "put a reverse proxy in front that speaks TLS and passes the Host header on, and name its address with "
    "--public-url https://..."
)


@click.group("serve", context_settings=options.CONTEXT, invoke_without_command=True)
@shown.STORES
@shown.CONFIGS
@shown.LINKS
@shown.LOG_FILE
@click.option("--address", default="127.0.0.1", show_default=True, metavar="IP", help="Where to listen.")
@click.option("--port", default=8321, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
@click.option(
    "--public-url", metavar="URL", help="How browsers reach it through a proxy, such as https://e.example.org."
)
@click.option("--rate", default=600, show_default=True, type=click.IntRange(1), help="Requests a minute of one link.")
@click.option("--no-links", is_flag=True, help="Show everything to whoever is on this machine; loopback only.")
@options.debug
@click.pass_context
def command(context: click.Context, /, **flags: Any) -> int:
    """Show evidence stores as web pages, read-only, to who has a link (auditreel serve link).

    It holds no signing key and writes nothing but a log of who read what. What does not verify is shown as that.
    """
    if context.invoked_subcommand is not None:
        return 0
    return _serve(context, **flags)


def _serve(
    context: click.Context,
    stores: tuple[str, ...],
    configs: tuple[Path, ...],
    links: Path | None,
    log: Path | None,
    address: str,
    port: int,
    public_url: str | None,
    rate: int,
    no_links: bool,
) -> int:
    shown.refuse_key()
    loopback = _is_loopback(address)
    if not loopback and public_url is None:
        raise UsageError(f"serving on {address}: others reach it there, in clear; {_IN_FRONT}")
    if no_links and (not loopback or public_url is not None):
        raise UsageError("serving with --no-links: only on a loopback address, and not behind a proxy")
    public = None if public_url is None else _public(public_url)
    try:
        from engine.serve import running
    except ModuleNotFoundError as error:
        raise shown.uninstalled(error, "serve") from error
    from engine.cli.clock import system_clock
    from engine.serve.accesses import AccessLog
    from engine.serve.links import Links

    clock = system_clock()
    folder = shown.folder(links, configs)
    opened = shown.opened(stores, configs, clock.monotonic)
    found = Links(folder)
    if not no_links:
        found.public()
    record = AccessLog(log or folder / shown.LOG, [Path(store.place) for store in opened.values()])
    with closing(record), running.listen(address, port) as listening:
        port = listening.getsockname()[1]
        bounds = _bounds(address, port, public, no_links)
        streams.say(f"serving {', '.join(opened)} on {public_url or _url(address, port)} (Ctrl-C ends it)")
        if not no_links:
            streams.say("To see it: auditreel serve link --for NAME")
        running.run(listening, opened, found, record, bounds, clock, float(rate), streams.say)
    return 0


@command.command("link", context_settings=options.CONTEXT)
@shown.STORES
@shown.CONFIGS
@shown.LINKS
@click.option("--for", "reader", required=True, metavar="NAME", help="Who will read; it stands in the log.")
@shown.FROM
@shown.TO
@shown.CRITERIA
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 366), help="How long it is good.")
@click.option("--url", default="http://127.0.0.1:8321", show_default=True, help="Where it is served.")
@options.POLICY
@options.debug
def link(
    stores: tuple[str, ...],
    configs: tuple[Path, ...],
    links: Path | None,
    reader: str,
    from_: str | None,
    to: str | None,
    criteria: tuple[str, ...],
    days: int,
    url: str,
    policy: Path | None,
) -> int:
    """Make a link that shows stores to somebody: a period and criteria of them, for some days.

    Whoever has it can read: send it as you would a password. It is printed once and kept nowhere.
    """
    from engine import inspection, preflight
    from engine.cli.clock import system_clock
    from engine.serve.links import Link, Links, new_id

    clock = system_clock()
    first, last = shown.nights(from_, to)
    places = shown.named(stores)
    trusts = shown.each(configs, len(places))
    now = clock.now()
    made = Link(
        id=new_id(),
        reader=reader,
        stores=tuple(inspection.store_name(place, trust) for place, trust in zip(places.values(), trusts, strict=True)),
        starts=first,
        ends=last,
        criteria=preflight.criteria(criteria, options.policy(policy)) if criteria else None,
        issued_at=now,
        expires_at=_later(now, days),
    )
    folder = Links(shown.folder(links, configs))
    folder.prepare([Path(place) for place in places.values()])
    token = folder.issue(made)
    streams.emit(f"{url.rstrip('/')}/link/{token}\n")
    streams.say(
        f"link {made.id} for {reader}, good until {made.expires_at}; to end it: auditreel serve revoke {made.id}"
    )
    return 0


@command.command("links", context_settings=options.CONTEXT)
@shown.CONFIGS
@shown.LINKS
@options.debug
def links_(configs: tuple[Path, ...], links: Path | None) -> int:
    """List the links that were made: for whom, of what, until when, and which were revoked."""
    from engine.report.safe import safe
    from engine.serve.links import Links

    for row in _made(Links(shown.folder(links, configs))):
        streams.emit(f"{safe(row, 2000)}\n")
    return 0


@command.command("revoke", context_settings=options.CONTEXT)
@click.argument("ids", nargs=-1, required=True, metavar="LINK...")
@shown.CONFIGS
@shown.LINKS
@options.debug
def revoke(ids: tuple[str, ...], configs: tuple[Path, ...], links: Path | None) -> int:
    """End links (by their ids) now: the next request with one is refused."""
    from engine.cli.clock import system_clock
    from engine.serve.links import Links

    folder, now = Links(shown.folder(links, configs)), system_clock().now()
    for id_ in ids:
        folder.revoke(id_, now)
        streams.emit(f"{id_} revoked\n")
    return 0


@command.command("log", context_settings=options.CONTEXT)
@click.option("--store", metavar="DIR", help="The store whose chain says how the log stood.")
@options.CONFIG
@shown.LINKS
@shown.LOG_FILE
@click.option("--seal", is_flag=True, help="Seal in the chain of --store how it stands now; takes the signing key.")
@options.debug
def log_(store: str | None, config: Path | None, links: Path | None, log: Path | None, seal: bool) -> int:
    """Verify the log of accesses, and print how many lines it has and the digest that stands for all of them.

    With --store it is also compared with what was sealed of it there. Exits with 5 where it is another one.
    """
    from engine import custody
    from engine.cli.clock import system_clock
    from engine.serve.accesses import standing

    if seal and store is None:
        raise UsageError("sealing the log of accesses: --store says in which chain")
    folder = config or settings.configuration()
    path = log or (links or folder / "links") / shown.LOG
    sealed = [] if store is None else custody.sealed_accesses(store, folder, path.name)
    found = standing(path, sealed)
    streams.emit(f"{found.count} {found.digest}\n")
    if seal and store is not None:
        sequence = custody.seal_accesses(store, folder, path.name, (found.count, found.digest), system_clock())
        streams.say(f"sealed in entry {sequence}")
    elif store is not None:
        streams.say(f"{len(sealed)} entries of the chain say how it stood, and it did")
    return 0


def _made(folder: Links) -> list[str]:
    rows = []
    for issued in folder.issued():
        of = issued.link
        when = f"{of.starts or 'first night'} to {of.ends or 'last night'}"
        what = ", ".join(of.criteria) if of.criteria is not None else "all criteria"
        state = "REVOKED" if issued.revoked else f"until {of.expires_at}"
        rows.append(f"{of.id}  {state}  {when}  {what}  for {of.reader}")
    return rows


def _public(url: str) -> str:
    """The host of a public address, as browsers name it. Raises UsageError for one that is not TLS."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"serving as {url}: it must be https://HOST; {_IN_FRONT}")
    return parts.netloc.lower()


def _bounds(address: str, port: int, public: str | None, everything: bool) -> Bounds:
    from engine.serve.guard import Bounds

    if public is not None:
        return Bounds(frozenset({public}), secure=True)
    names = {f"{name}:{port}" for name in ("localhost", "127.0.0.1", "[::1]", _host(address))}
    return Bounds(frozenset(names), everything=everything)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        raise UsageError(f"serving on {address}: it is no IP address") from None


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _url(address: str, port: int) -> str:
    return f"http://{_host(address)}:{port}/"


def _later(now: str, days: int) -> str:
    at = datetime.fromisoformat(now) + timedelta(days=days)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
