"""Routes to pages: each finds what may be seen, and has :mod:`engine.report.html` show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from engine.errors import AuditreelError, UsageError
from engine.model import Clock
from engine.report import PERIOD_FORMATS, period_counts
from engine.report.html import served
from engine.report.html.served import StoreRow
from engine.report.html.templating import dated, policy
from engine.serve.guard import LINK, PAGE, Bounds, NoLinkError, link_of
from engine.serve.library import Held, Store
from engine.serve.links import Link, LinkError, Links
from engine.serve.notices import notice, page
from engine.serve.seen import DOES_NOT_VERIFY, NotShownError, Seen, limits, number, problem, seen, span

_INDEX: Final = "index.html"
_RECENT: Final = timedelta(days=29)
_TYPES: Final[Mapping[str, str]] = {
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of some stores, by the names that they have in addresses."""

    stores: Mapping[str, Store]
    links: Links
    bounds: Bounds
    clock: Clock

    def routes(self) -> list[Route]:
        """Every address that there is."""
        period, run = "/{store}/{period}", "/{store}/{period}/runs/{run}"
        table: dict[str, tuple[str, Callable[[Request], Response]]] = {
            "/": ("home", self.home),
            "/link/{token}": ("link", self.link),
            f"{run}/": ("records", self.records),
            f"{run}/records/{{index}}/": ("record", self.record),
            f"{run}/records/{{index}}/proof.json": ("proof", self.proof),
            f"{run}/resources/": ("resources", self.resources),
            f"{run}/resources/{{resource}}/": ("resource", self.resource),
            f"{period}/failures/{{failure}}": ("failure", self.failure),
            f"{period}/failures/{{failure}}/record": ("failing record", self.failing),
            f"{period}/downloads/": ("downloads", self.downloads),
            f"{period}/downloads/{{name}}": ("download", self.download),
            f"{period}/": ("period", self.report),
            f"{period}/{{page:path}}": ("period", self.report),
        }
        return [Route(path, self._told(name, show), methods=["GET"]) for path, (name, show) in table.items()]

    def _told(self, name: str, show: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """A route that says what it is called, and on a page of a store when that was read."""

        def told(request: Request) -> Response:
            request.scope[PAGE] = name
            store = self.stores.get(request.path_params.get("store", ""))
            link = request.scope[LINK]
            if store is None or link is None:
                return show(request)
            # Asked before anything is shown: what is shown is then not older than is said.
            text, current = store.read(link.limited), store.reading().current
            response = show(request)
            if response.media_type == _TYPES[".html"]:
                response.body = dated(bytes(response.body), text, current)
                response.headers["Content-Length"] = str(len(response.body))
            return response

        return told

    def _seen(self, request: Request) -> Seen:
        return seen(link_of(request), self.stores, request.path_params["store"], request.path_params["period"])

    def home(self, request: Request) -> Response:
        """The stores of a link, and the periods that it lets see."""
        link = link_of(request)
        rows = [self._row(name, store, link) for name, store in self.stores.items() if store.id in link.stores]
        return page(served.home(rows, limits(link)))

    def _row(self, name: str, store: Store, link: Link) -> StoreRow:
        read, current = store.read(link.limited), store.reading().current
        try:
            held = store.held()
        except AuditreelError as error:
            return StoreRow(name, "", False, (), problem(error, store, link), read, current)
        found = held.overview
        periods = tuple(
            (f"{name}/{a}--{b}/", f"{a} to {b}", what) for a, b, what in _periods(held, link, self.clock.now())
        )
        return StoreRow(
            name, found.anchored, found.demonstration, periods, "", read, current, organization=found.organization
        )

    def link(self, request: Request) -> Response:
        """Exchange a link for a cookie, so that it leaves the address."""
        token = request.path_params["token"]
        try:
            link = self.links.opened(token, self.clock.now())
        except LinkError as error:
            return page(served.notice("This link opens nothing", (error.sentence,)), 403)
        # A redirect by status would still count as coming from the site on which the link was, and a browser then
        # keeps a strict cookie back. So a page of ours leads on.
        said = f"For {link.reader}, until {link.expires_at}."
        response = page(served.notice("Welcome", (said,), (("../", "Go on"),), refresh="../"))
        response.headers.append("Set-Cookie", self._cookie(token, link))
        return response

    def _cookie(self, token: str, link: Link) -> str:
        cookie: SimpleCookie = SimpleCookie()
        name = self.bounds.cookie
        cookie[name] = token
        lasts = _seconds(self.clock.now(), link.expires_at)
        cookie[name].update({"path": "/", "samesite": "Strict", "max-age": str(lasts)})
        for flag in ("httponly", "secure") if self.bounds.secure else ("httponly",):
            cookie[name][flag] = True
        return cookie[name].OutputString()

    def report(self, request: Request) -> Response:
        """A page of a period's report."""
        content = self._seen(request).pages().get(request.path_params.get("page", _INDEX))
        if content is None:
            raise NotShownError
        return page(content)

    def records(self, request: Request) -> Response:
        """The records of a run."""
        at = self._seen(request)
        verdict = request.query_params.get("verdict")
        if verdict is not None and verdict not in served.VERDICTS:
            raise NotShownError
        return page(served.records(at.place, at.run(request.path_params["run"]), _page(request), verdict))

    def record(self, request: Request) -> Response:
        """A record with its proof."""
        at = self._seen(request)
        run = at.run(request.path_params["run"])
        found = at.store.inspected(run.run).record(at.index(run, request.path_params["index"]))
        return page(served.record(at.place, run, found))

    def proof(self, request: Request) -> Response:
        """A record, its way to the root and the signed seal, as a file."""
        at = self._seen(request)
        run = at.run(request.path_params["run"])
        index = at.index(run, request.path_params["index"])
        return _file(f"{run.run}-{index}.json", at.store.inspected(run.run).proof(index))

    def resources(self, request: Request) -> Response:
        """What was judged in a run."""
        at = self._seen(request)
        return page(served.resources(at.place, at.run(request.path_params["run"]), _page(request)))

    def resource(self, request: Request) -> Response:
        """What was judged of one resource in a run."""
        at = self._seen(request)
        content = served.resource(at.place, at.run(request.path_params["run"]), request.path_params["resource"])
        if content is None:
            raise NotShownError
        return page(content)

    def failure(self, request: Request) -> Response:
        """Where a failure stands in the report, by its id: an address that lasts."""
        at = self._seen(request)
        anchor = period_counts.numbers(at.period)[period_counts.key(at.failure(request.path_params["failure"]))]
        row = f'<tr id="{anchor}">'.encode()
        name = next(name for name, content in at.pages().items() if row in content)
        return RedirectResponse(f"../{name}#{anchor}", 303)

    def failing(self, request: Request) -> Response:
        """The record of a failure in the last run that saw it."""
        at = self._seen(request)
        failure = at.failure(request.path_params["failure"])
        run = at.run(failure.last_bad.run)
        subject = (failure.subject.kind, failure.subject.type, failure.subject.id)
        for row in run.rows:
            about = (row.subject.kind, row.subject.type, row.subject.id)
            if (row.check, row.scope, about) == (failure.check, failure.scope, subject):
                return RedirectResponse(f"../../runs/{run.run}/records/{row.index}/", 303)
        raise NotShownError

    def downloads(self, request: Request) -> Response:
        """The files that can be had."""
        return page(served.downloads(self._seen(request).place))

    def download(self, request: Request) -> Response:
        """A period in one of the formats."""
        at = self._seen(request)
        form = next((form for form, row in PERIOD_FORMATS.items() if row.name == request.path_params["name"]), None)
        if form is None or not at.period.type_:
            raise NotShownError
        if not at.store.reading().current:
            # A page says that it is not current; a file goes elsewhere, and has no place for it.
            said = at.store.read(at.link.limited), "Files are made again once it can be read."
            return page(served.notice("Not made now", said), 503)
        try:
            return _file(PERIOD_FORMATS[form].name, at.store.file(at.starts, at.ends, at.link.criteria, form))
        except UsageError as error:
            return page(served.notice("Not made here", (str(error),)), 501)


def _file(name: str, content: bytes) -> Response:
    suffix = f".{name.rpartition('.')[2]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if suffix == ".html":
        headers["Content-Security-Policy"] = policy(content)
    return Response(content, 200, headers, media_type=_TYPES[suffix])


def _page(request: Request) -> int:
    found = number(request.query_params.get("page", "1"))
    if not found:
        raise NotShownError
    return found


def _periods(held: Held, link: Link, now: str) -> Iterator[tuple[date, date, str]]:
    """The periods that are offered: from which night to which, and what it is."""
    whole = span(held, link, now)
    if whole is None or whole[1] < whole[0]:
        return
    starts, ends = whole
    yield starts, ends, "everything that the link lets see" if limits(link) else "every night so far"
    recent = max(starts, ends - _RECENT)
    if recent > starts:
        yield recent, ends, "the last 30 nights"
    for first, last in held.overview.closed:
        window = date.fromisoformat(first), date.fromisoformat(last)
        if link.covers(*window):
            yield *window, "a closed period"


def _seconds(now: str, until: str) -> int:
    return max(0, int((datetime.fromisoformat(until) - datetime.fromisoformat(now)).total_seconds()))


def absent(request: Request, error: Exception) -> Response:
    """What is not there, or not for this link."""
    del error
    said = "There is no such page, or none that this link shows."
    programs = "There is nothing under this address, or nothing that this link shows. What there is: "
    return notice(request.url.path, 404, "Not here", (said,), (f"{programs}/api/v1/openapi.json",))


def no_link(request: Request, error: Exception) -> Response:
    """A request without a link, or with one that opens nothing any more, which is said."""
    why = (error.why,) if isinstance(error, NoLinkError) and error.why else ()
    said = "It takes a link that is still good. Open the one that you were given again, or ask for a new one."
    programs = (*why, "Ask for a new one.") if why else ("Send its token: Authorization: Bearer TOKEN.",)
    texts = (*why, said, "To make one: auditreel serve link")
    return notice(request.url.path, 401, "A link is needed", texts, programs)


def unverified(stores: Mapping[str, Store]) -> Callable[[Request, Exception], Response]:
    """What does not verify, or cannot be had."""

    def shown(request: Request, error: Exception) -> Response:
        store = stores.get(request.path_params.get("store", ""))
        said = problem(error, store, link_of(request)) if isinstance(error, AuditreelError) else DOES_NOT_VERIFY
        return notice(request.url.path, 503, DOES_NOT_VERIFY, (said,))

    return shown
