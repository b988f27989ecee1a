"""Serves the tools of tools.json by MCP, for record.py."""

import asyncio
import json
from pathlib import Path

from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

TOOLS = json.loads((Path(__file__).parent / "tools.json").read_text())
server = Server("kb")


@server.list_tools()
async def list_tools() -> list[types.Tool]:
    return [types.Tool(**tool) for tool in TOOLS["tools"]]


@server.call_tool(validate_input=False)
async def call_tool(name: str, arguments: dict) -> types.CallToolResult:
    answer = TOOLS["answers"][name]
    texts = [text.replace("{query}", str(arguments.get("query"))) for text in answer["content"]]
    content = [types.TextContent(type="text", text=text) for text in texts]
    return types.CallToolResult(content=content, isError=answer.get("isError", False))


async def main() -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


asyncio.run(main())
