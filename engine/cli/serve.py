"""``auditreel serve``: a read-only page over evidence stores, and the links by which people see it."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from engine.cli import options, settings, streams
from engine.cli.verify import store_of
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.model import Clock
    from engine.serve.guard import Bounds
    from engine.serve.library import Store
    from engine.serve.links import Links

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_TAKEN: Final = frozenset({"api", "link"})
_ADDRESS: Final = "127.0.0.1"
_PORT: Final = 8321
_LOG: Final = "accesses.jsonl"
_KEY: Final = "AUDITREEL_SIGNING_KEY"
_IN_FRONT: Final = (
    "put a reverse proxy in front that speaks TLS and passes the Host header on, and name its address with "
    "--public-url https://..."
)

_PUBLIC_URL: Final = click.option(
    "--public-url", metavar="URL", help="How browsers reach it [default: the loopback address], such as https://HOST."
)
_STORES: Final = click.option(
    "--store",
    "stores",
    multiple=True,
    metavar="[NAME=]DIR|URL",
    help="An evidence store: a folder, or s3://, gs://, az://; NAME stands in addresses. Repeatable.",
)
_CONFIGS: Final = click.option(
    "--config",
    "configs",
    type=options.FOLDER,
    multiple=True,
    metavar="DIR",
    help="Folder of the trust file, for all stores or each [default: ~/.config/auditreel]. Repeatable.",
)
_LINKS: Final = click.option(
    "--links", type=options.FOLDER, metavar="DIR", help="Folder of links and their key [default: links in --config]."
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
@_LINKS
@options.ACCESS_LOG
@_STORES
@_CONFIGS
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
    if os.environ.get(_KEY):
        raise UsageError(
            f"serving: {_KEY} is set, and who shows evidence must not hold the key that signs it; unset it"
        )
    loopback = _is_loopback(address)
    if not loopback and public_url is None:
        raise UsageError(f"serving on {address}: others reach it there, in clear; {_IN_FRONT}")
    if no_links and (not loopback or public_url is not None):
        raise UsageError("serving with --no-links: only on a loopback address, and not behind a proxy")
    public = None if public_url is None else _public(public_url)
    try:
        from engine.serve import running
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("engine"):
            raise
        said = f"serving: the library {error.name} is not installed."
        raise UsageError(f"{said} Install it with: pip install 'auditreel[serve]'") from error
    from engine.cli.clock import system_clock
    from engine.serve.accesses import AccessLog
    from engine.serve.links import Links

    clock = system_clock()
    folder = _folder(links, configs)
    shown = _opened(stores, configs, clock)
    found = Links(folder)
    if not no_links:
        found.public()
    record = AccessLog(access_log or folder / _LOG, [place for store in shown.values() for place in store.folders])
    with closing(record), running.listen(address, port) as listening:
        port = listening.getsockname()[1]
        bounds = _bounds(address, port, public, no_links)
        streams.say(f"serving {', '.join(shown)} on {public_url or _url(address, port)} (Ctrl-C ends it)")
        if not no_links:
            streams.say("To see it: auditreel serve link --for NAME")
        running.run(listening, shown, found, record, bounds, clock, float(rate), streams.say)
    return 0


@command.command("link", context_settings=options.CONTEXT)
@click.option("--for", "reader", required=True, metavar="NAME", help="Who will read; it stands in the log.")
@options.period(required=False)
@options.CRITERION
@click.option(
    "--days", default=14, show_default=True, type=click.IntRange(1, 366), metavar="N", help="How long it is good."
)
@_PUBLIC_URL
@_LINKS
@options.POLICY
@_STORES
@_CONFIGS
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
    from engine import inspection, preflight
    from engine.cli.clock import system_clock
    from engine.serve.links import Link, Links, new_id

    clock = system_clock()
    if from_ is not None and to is not None and to < from_:
        raise UsageError(f"making a link: it ends on {to}, before it begins on {from_}")
    places = _named(stores)
    trusts = _each(configs, len(places))
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
    folder = Links(_folder(links, configs))
    folder.prepare([Path(place) for place in places.values() if "://" not in place])
    token = folder.issue(made)
    streams.emit(f"{(public_url or _url(_ADDRESS, _PORT)).rstrip('/')}/link/{token}\n")
    streams.say(
        f"link {made.id} for {reader}, good until {made.expires_at}; to end it: auditreel serve revoke {made.id}"
    )
    return 0


@command.command("links", context_settings=options.CONTEXT)
@_LINKS
@_CONFIGS
@options.debug
def links_(configs: tuple[Path, ...], links: Path | None) -> int:
    """List the links that were made: for whom, of what, until when, and which were revoked."""
    from engine.report.safe import safe
    from engine.serve.links import Links

    for row in _made(Links(_folder(links, configs))):
        streams.emit(f"{safe(row, 2000)}\n")
    return 0


@command.command("revoke", context_settings=options.CONTEXT)
@click.argument("ids", nargs=-1, required=True, metavar="LINK...")
@_LINKS
@_CONFIGS
@options.debug
def revoke(ids: tuple[str, ...], configs: tuple[Path, ...], links: Path | None) -> int:
    """End links (by their ids) now: the next request with one is refused."""
    from engine.cli.clock import system_clock
    from engine.serve.links import Links

    folder, now = Links(_folder(links, configs)), system_clock().now()
    for id_ in ids:
        folder.revoke(id_, now)
        streams.emit(f"{id_} revoked\n")
    return 0


@command.command("log", context_settings=options.CONTEXT)
@click.option("--seal", is_flag=True, help="Seal in the chain of --store how it stands now; takes the signing key.")
@_LINKS
@options.ACCESS_LOG
@options.STORE
@options.CONFIG
@options.debug
def log_(seal: bool, links: Path | None, access_log: Path | None, store: str | None, config: Path | None) -> int:
    """Verify the log of accesses, and print how many lines it has and the digest that stands for all of them.

    With --store it is also compared with what was sealed of it there. Exits with 5 where it is another one.
    """
    from engine import custody
    from engine.cli.clock import system_clock
    from engine.serve.accesses import standing

    if seal and store is None:
        raise UsageError("sealing the log of accesses: --store says in which chain")
    folder = config or settings.configuration()
    path = access_log or (links or folder / "links") / _LOG
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


def _named(given: Sequence[str]) -> dict[str, str]:
    """The stores by the name that each has in addresses."""
    found: dict[str, str] = {}
    for text in given or (store_of(None),):
        name, equals, place = text.partition("=")
        if not equals or "://" in name:
            place = text
            last = text.rstrip("/").rpartition("/")[2] if "://" in text else Path(text).resolve().name
            name = re.sub(r"[^A-Za-z0-9._-]", "-", last).lstrip("._-") or "store"
        if re.fullmatch(_NAME, name) is None or name in _TAKEN:
            raise UsageError(f"serving {text}: {name} cannot stand in an address; use --store NAME=DIR")
        if name in found:
            raise UsageError(f"serving {text}: {name} is there twice; use --store NAME=DIR")
        if "://" not in place and not Path(place).is_dir():
            raise UsageError(f"serving {text}: {place} is not there")
        found[name] = place
    return found


def _each(configs: Sequence[Path], count: int) -> list[Path]:
    """The configuration folder of each store."""
    if len(configs) not in (0, 1, count):
        raise UsageError(f"serving: --config is given {len(configs)} times for {count} stores: once, or once for each")
    found = list(configs) or [settings.configuration()]
    return found if len(found) == count else found * count


def _folder(links: Path | None, configs: Sequence[Path]) -> Path:
    return links or (configs[0] if configs else settings.configuration()) / "links"


def _opened(stores: Sequence[str], configs: Sequence[Path], clock: Clock) -> dict[str, Store]:
    from engine.serve.following import source
    from engine.serve.library import Store

    places = _named(stores)
    trusts = _each(configs, len(places))
    return {
        name: Store(name, places[name], trust, clock.monotonic, source(places[name], trust, clock, streams.say))
        for name, trust in zip(places, trusts, strict=True)
    }


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
