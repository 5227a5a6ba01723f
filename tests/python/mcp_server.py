"""An MCP server made with the official SDK, for the tests of our client: over its standard input and output, or with the
argument `http` over streamable HTTP, at a port that it prints first."""

import asyncio
import os
import socket
import sys

from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("crm")
called_off = asyncio.Event()


@server.tool()
def find_customer(cpf: str) -> str:
    """Finds a customer by their CPF."""
    if cpf != "12345678909":
        raise ToolError("there is no such customer")
    return f"Ana, plan gold, {cpf}"


@server.tool()
async def hang() -> str:
    """Never answers."""
    try:
        await asyncio.Event().wait()
    finally:
        called_off.set()
    return "never"


@server.tool()
async def until_called_off() -> str:
    """Answers when `hang` was called off."""
    await called_off.wait()
    return "called off"


@server.tool()
def environment() -> str:
    """Names the variables that this process has."""
    return " ".join(sorted(os.environ))


@server.tool()
def long_story() -> str:
    """Says more than anybody listens to."""
    return "á" * 100_000


@server.tool()
def picture() -> Image:
    """Draws."""
    return Image(data=b"\x89PNG\r\n\x1a\n", format="png")


@server.tool()
async def learn(ctx: Context) -> str:
    """Learns another tool, and tells."""

    def sing() -> str:
        """Sings."""
        return "la la la"

    server.add_tool(sing)
    await ctx.session.send_tool_list_changed()
    return "learnt"


@server.tool()
def die() -> str:
    """Ends the process."""
    os._exit(3)


async def serve_http() -> None:
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = server.streamable_http_app()
    await uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve(sockets=[listener])


if sys.argv[1:] == ["http"]:
    asyncio.run(serve_http())
else:
    server.run()
