"""``auditreel serve``: a read-only page over evidence stores, and the links by which people see it."""

from __future__ import annotations

import ipaddress
import shlex
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from engine.cli import options, settings, shown, streams
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.serve.guard import Bounds
    from engine.serve.links import Links

_ADDRESS: Final = "127.0.0.1"
_PORT: Final = 8321
_IN_FRONT: Final = (
    "put a reverse proxy in front that speaks TLS and passes the Host header on, and name its address with "
    "--public-url https://..."
)

_PUBLIC_URL: Final = click.option(
    "--public-url", metavar="URL", help="How browsers reach it [default: the loopback address], such as https://HOST."
)


@click.group("serve", context_settings=options.CONTEXT, invoke_without_command=True)
@click.option("--address", default=_ADDRESS, show_default=True, metavar="IP", help="Where to listen.")
@click.option(
    "--port",
    default=_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Where to listen; 0: any that is free.",
)
@_PUBLIC_URL
@click.option(
    "--rate", default=600, show_default=True, type=click.IntRange(1), metavar="N", help="Requests a minute of one link."
)
@click.option("--no-links", is_flag=True, help="Show everything to whoever is on this machine; loopback only.")
@shown.LINKS
@options.ACCESS_LOG
@shown.STORES
@shown.CONFIGS
@options.debug
@click.pass_context
def command(context: click.Context, /, **flags: Any) -> int:
    """Show evidence stores as web pages, read-only, to who has a link (auditreel serve link).

    It holds no signing key and writes nothing but a log of who read what, in the folder of the links where --access-log
    names no file. What does not verify is shown as that. A bucket is asked for news once a minute; each page says as of
    when it is.
    """
    if context.invoked_subcommand is not None:
        return 0
    return _serve(context, **flags)


def _serve(
    context: click.Context,
    address: str,
    port: int,
    public_url: str | None,
    rate: int,
    no_links: bool,
    links: Path | None,
    access_log: Path | None,
    stores: tuple[str, ...],
    configs: tuple[Path, ...],
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
    opened = shown.opened(stores, configs, clock)
    found = Links(folder)
    if not no_links:
        found.public()
    log = access_log or folder / shown.LOG
    record = AccessLog(log, [place for store in opened.values() for place in store.folders])
    with closing(record), running.listen(address, port) as listening:
        port = listening.getsockname()[1]
        bounds = _bounds(address, port, public, no_links)
        streams.say(f"serving {', '.join(opened)} on {public_url or _url(address, port)} (Ctrl-C ends it)")
        if not no_links:
            streams.say(f"To see it: auditreel serve link --for NAME{_same(stores, configs, links, public_url)}")
        running.run(listening, opened, found, record, bounds, clock, float(rate), streams.say)
    return 0


@command.command("link", context_settings=options.CONTEXT)
@shown.reader(required=True)
@options.period(required=False)
@options.CRITERION
@click.option(
    "--days", default=14, show_default=True, type=click.IntRange(1, 366), metavar="N", help="How long it is good."
)
@_PUBLIC_URL
@shown.LINKS
@options.POLICY
@shown.STORES
@shown.CONFIGS
@options.debug
def link(
    reader: str,
    from_: date | None,
    to: date | None,
    criterion: tuple[str, ...],
    days: int,
    public_url: str | None,
    links: Path | None,
    policy: Path | None,
    stores: tuple[str, ...],
    configs: tuple[Path, ...],
) -> int:
    """Make a link that shows stores to somebody: a period and criteria of them, or everything, for some days.

    Whoever has it can read: send it as you would a password. It is printed once and kept nowhere.
    """
    from engine.cli.clock import system_clock
    from engine.custody import inspection
    from engine.run import preflight
    from engine.serve.links import Link, Links, new_id

    clock = system_clock()
    shown.refuse_backwards("making a link", from_, to)
    places = shown.named(stores)
    trusts = shown.each(configs, len(places))
    now = clock.now()
    made = Link(
        id=new_id(),
        reader=reader,
        stores=tuple(inspection.store_name(place, trust) for place, trust in zip(places.values(), trusts, strict=True)),
        starts=from_,
        ends=to,
        criteria=preflight.criteria(criterion, options.policy(policy)) if criterion else None,
        issued_at=now,
        expires_at=_later(now, days),
    )
    folder = Links(shown.folder(links, configs))
    folder.prepare([Path(place) for place in places.values() if "://" not in place])
    token = folder.issue(made)
    streams.emit(f"{(public_url or _url(_ADDRESS, _PORT)).rstrip('/')}/link/{token}\n")
    streams.say(
        f"link {made.id} for {reader}, good until {made.expires_at}; to end it: auditreel serve revoke {made.id}"
    )
    return 0


@command.command("links", context_settings=options.CONTEXT)
@shown.LINKS
@shown.CONFIGS
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
@shown.LINKS
@shown.CONFIGS
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
@click.option("--seal", is_flag=True, help="Seal in the chain of --store how it stands now; takes the signing key.")
@shown.LINKS
@options.ACCESS_LOG
@options.STORE
@options.CONFIG
@options.debug
def log_(seal: bool, links: Path | None, access_log: Path | None, store: str | None, config: Path | None) -> int:
    """Verify the log of accesses, and print how many lines it has and the digest that stands for all of them.

    With --store it is also compared with what was sealed of it there. Exits with 5 where it is another one.
    """
    from engine.cli.clock import system_clock
    from engine.custody import upkeep
    from engine.serve.accesses import standing

    if seal and store is None:
        raise UsageError("sealing the log of accesses: --store says in which chain")
    folder = config or settings.configuration()
    path = access_log or (links or folder / "links") / shown.LOG
    sealed = [] if store is None else upkeep.sealed_accesses(store, folder, path.name)
    found = standing(path, sealed)
    streams.emit(f"{found.count} {found.digest}\n")
    if seal and store is not None:
        sequence = upkeep.seal_accesses(store, folder, path.name, (found.count, found.digest), system_clock())
        streams.say(f"sealed in entry {sequence}")
    elif store is not None:
        entries = "1 entry of the chain says" if len(sealed) == 1 else f"{len(sealed)} entries of the chain say"
        streams.say(f"{entries} how it stood, and it did" if sealed else "no entry of the chain says how it stood yet")
    return 0


def _same(stores: tuple[str, ...], configs: tuple[Path, ...], links: Path | None, public_url: str | None) -> str:
    """What ``serve link`` has to be told as well, so that its link opens what is served here."""
    given = [("--store", store) for store in stores] + [("--config", str(path)) for path in configs]
    given += [] if links is None else [("--links", str(links))]
    given += [] if public_url is None else [("--public-url", public_url)]
    return "".join(f" {name} {shlex.quote(value)}" for name, value in given)


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
