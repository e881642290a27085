"""The tools over standard input and output, by the SDK of the Model Context Protocol: the only module that knows it."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

import engine
from engine.report.records import encoded
from engine.serve.library import followed
from engine.serve.tools import INSTRUCTIONS, Tools, UnknownToolError

_READS: ToolAnnotations = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def run(tools: Tools) -> None:
    """Answer on standard input and output until the input ends."""
    # What the library logs of a message may hold what stood in it; the error stream is told what failed by us.
    logging.getLogger("mcp").addHandler(logging.NullHandler())
    logging.getLogger("mcp").propagate = False
    with followed(tools.stores.values()) as following:
        anyio.run(_serve, server(tools), following.close)


def server(tools: Tools) -> Server[Any]:
    """A server that has these tools, and neither prompts nor resources."""

    async def listed(context: ServerRequestContext[Any], asked: PaginatedRequestParams | None) -> ListToolsResult:
        del context, asked
        return ListToolsResult(
            tools=[
                Tool(
                    name=tool.name,
                    description=tool.description,
                    input_schema=dict(tool.takes),
                    output_schema=dict(tool.gives),
                    annotations=_READS,
                )
                for tool in tools.offered
            ]
        )

    async def called(context: ServerRequestContext[Any], asked: CallToolRequestParams) -> CallToolResult:
        del context
        try:
            # In a thread: reading a year takes seconds, and whoever asks may want to give up meanwhile.
            found = await anyio.to_thread.run_sync(tools.call, asked.name, asked.arguments or {})
        except UnknownToolError:
            raise MCPError(
                code=INVALID_PARAMS, message="there is no such tool; tools/list says which there are"
            ) from None
        return CallToolResult(
            # The same as text, for clients that know of no structured content (2025-06-18, "Structured Content").
            content=[TextContent(type="text", text=encoded(found.value))],
            structured_content=found.value,
            is_error=found.failed,
        )

    made: Server[Any] = Server(
        "auditreel",
        version=engine.__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )
    # No spans: what is asked of evidence is in our log alone.
    made.middleware.clear()
    return made


async def _serve(made: Server[Any], close: Callable[[], None]) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_ended_by_signals, close)
        async with stdio_server() as (incoming, outgoing):
            await made.run(incoming, outgoing, made.create_initialization_options())
        group.cancel_scope.cancel()


async def _ended_by_signals(close: Callable[[], None]) -> None:
    """End at once: a thread waits for input that may never come. Of the log, each line is written in one piece."""
    wanted = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
    with anyio.open_signal_receiver(*wanted) as received:
        async for number in received:
            close()
            os._exit(128 + number)
