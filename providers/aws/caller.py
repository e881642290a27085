"""What AWS readers call the API with: one request, or the items of a paged listing, all governed and counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import jmespath
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from botocore.paginate import Paginator
from urllib3.exceptions import NameResolutionError

from providers.aws.clients import Clients
from providers.aws.errors import MalformedAnswer, NotOffered, classify
from providers.aws.paging import PAGE_SIZES, whether_more
from providers.base import GLOBAL, Governor, Scope, Tally, Unread, part

T = TypeVar("T")

MOST_PAGES: Final = 100_000
"""Of one listing: more than any account fills."""

UNPARSABLE: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError)
"""What botocore's parsers let out for bodies that break off, nest too deeply or hold values of another type.

ElementTree's ParseError is a SyntaxError, the RecursionError a RuntimeError, as is a time of no year.
"""


class Caller:
    """Calls AWS in one scope, whose ``account``, ``region`` and ``partition`` (aws, aws-us-gov, aws-cn) it carries."""

    def __init__(self, clients: Clients, scope: Scope, governor: Governor, tally: Tally) -> None:
        self._clients, self._governor, self._tally = clients, governor, tally
        self.account = scope.account
        self.region = clients.global_region if scope.region == GLOBAL else scope.region
        self.partition = clients.partition

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The parsed answer of one request ("iam", "get_account_summary"), without its metadata."""
        client = self._clients.get(service, self.region)
        return self._governed(service, getattr(client, operation))(**arguments)

    def optional(self, service: str, operation: str, absent: str, /, **arguments: Any) -> dict[str, Any] | None:
        """:meth:`call`, or None where the error code ``absent`` documents that there is nothing."""
        try:
            return self.call(service, operation, **arguments)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == absent:
                return None
            raise

    def part(self, operation: str, read: Callable[[], T], permission: str | None = None) -> T | Unread:
        """What ``read`` returns, or why it could not: for a part of a listing that may fail while the rest is there.

        ``operation`` is what ``read`` calls ("ec2:GetManagedPrefixListEntries"), ``permission`` what that takes, where
        its name is another. The ledger gets the failure.
        """
        return part(read, classify, self._tally, operation, permission or operation)

    def pages(
        self,
        service: str,
        operation: str,
        key: str,
        /,
        *,
        omits: bool = False,
        gone: str = "",
        sized: bool = True,
        **arguments: Any,
    ) -> Iterator[dict[str, Any]]:
        """The items below ``key`` of every page.

        An answer without the key is malformed, unless ``omits`` says that the operation leaves it out of an empty page.
        ``gone`` is the error code by which what holds the items was deleted since it was listed: there are none.
        ``sized``: as of :meth:`whole_pages`.
        """
        try:
            for page in self.whole_pages(service, operation, sized=sized, **arguments):
                if key not in page and not omits:
                    raise MalformedAnswer(f"{service}:{operation}", f"no {key}")
                items = page.get(key) or []
                self._tally.items += len(items)
                yield from items
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != gone:
                raise

    def whole_pages(
        self, service: str, operation: str, /, *, sized: bool = True, **arguments: Any
    ) -> Iterator[dict[str, Any]]:
        """The pages of a listing, for answers that hold several lists.

        ``sized``: whether to say how many items a page may hold, which EC2 refuses beside the ids of what is asked for.
        Pages that lead back to one that was read, that promise more and do not say where, or that do not say whether
        there is more although the API promises that, are malformed.
        """
        client = self._clients.get(service, self.region)
        name = client.meta.method_to_api_mapping[operation]
        model = client.meta.service_model.operation_model(name)
        table = self._clients.paging(service, name)
        size = PAGE_SIZES.get(f"{service}:{name}")
        settings = {"PageSize": size} if sized and size and "limit_key" in table else {}
        request = self._governed(service, getattr(client, operation))
        asked: set[str] = set()

        def once(**arguments: Any) -> dict[str, Any]:
            key = repr(sorted(arguments.items()))
            if key in asked or len(asked) >= MOST_PAGES:
                raise MalformedAnswer(f"{service}:{name}", "pages without an end")
            asked.add(key)
            return request(**arguments)

        page: dict[str, Any] = {}
        paginator: Any = Paginator(once, table, model)
        for page in paginator.paginate(PaginationConfig=settings, **arguments):
            if untold := whether_more(table, model, page):
                raise MalformedAnswer(f"{service}:{name}", f"no {untold}")
            self._tally.pages += 1
            yield page
        if "more_results" in table and jmespath.search(table["more_results"], page):
            raise MalformedAnswer(f"{service}:{name}", "no token for the next page")

    def poll(self, seconds: float) -> None:
        """Wait before asking again for what was not ready; the request that follows counts as a poll."""
        self._tally.polls += 1
        self._governor.pause(seconds)

    def _governed(self, service: str, method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        tally = self._tally

        def request(**arguments: Any) -> dict[str, Any]:
            tally.calls += 1
            # Renewed before the request takes its place among those in flight: renewing takes one as well.
            with self._clients.signing(self.account):
                answer, metadata, digest = self._governor(
                    (service, self.region), lambda: self._sent(service, method, arguments), classify, tally
                )
            tally.date = metadata.get("HTTPHeaders", {}).get("date")
            if metadata.get("RequestId"):
                tally.request_ids.append(metadata["RequestId"])
            tally.digests.append(digest)
            return answer

        return request

    def _sent(
        self, service: str, method: Callable[..., dict[str, Any]], arguments: Mapping[str, Any]
    ) -> tuple[dict[str, Any], Mapping[str, Any], str]:
        """:func:`_sent`; raises NotOffered where AWS names no endpoint for the region, and nothing has its name."""
        try:
            return _sent(method, arguments)
        except EndpointConnectionError as error:
            # Either alone proves nothing: botocore's list may be old, and names may not resolve for a while.
            unknown_name = isinstance(error.kwargs.get("error"), NameResolutionError)
            if unknown_name and not self._clients.offered(service, self.region):
                raise NotOffered(f"{service}:{method.__name__}") from error
            raise


def _sent(
    method: Callable[..., dict[str, Any]], arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Any], str]:
    """The answer to one request, its metadata, and its digest."""
    try:
        answer = method(**arguments)
        metadata: Mapping[str, Any] = answer.pop("ResponseMetadata", {})
        return answer, metadata, _digest(answer)
    except (BotoCoreError, ClientError, MalformedAnswer):
        raise
    except UNPARSABLE as error:
        raise MalformedAnswer(getattr(method, "__name__", "?"), f"unparsable: {type(error).__name__}") from error


def _digest(answer: Mapping[str, Any]) -> str:
    text = json.dumps(answer, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
