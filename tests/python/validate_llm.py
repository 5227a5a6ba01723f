"""Checks requests to language models and the events of their answers against the types of the official packages.

Reads JSON lines {"wire": "chat" | "anthropic" | "gemini", "request": {...}} or {"wire": ..., "event": {...}} on stdin. Types are
checked strictly where the package has models; a field that no model knows is a failure too.

Prints each failure to stderr, at most one for a line, and a count to stdout. Exits with 1 if anything failed, or if there was nothing to check.
"""

import json
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic import with_config


def forbidding(typed: Any) -> TypeAdapter:
    """A TypedDict that takes no field that it does not know."""
    return TypeAdapter(with_config(ConfigDict(extra="forbid"))(typed))


def chat() -> tuple[TypeAdapter, TypeAdapter]:
    from openai.types.chat import ChatCompletionChunk
    from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

    return forbidding(CompletionCreateParamsStreaming), TypeAdapter(ChatCompletionChunk)


def anthropic() -> tuple[TypeAdapter, TypeAdapter]:
    from anthropic.types import RawMessageStreamEvent
    from anthropic.types.message_create_params import MessageCreateParamsStreaming

    return forbidding(MessageCreateParamsStreaming), TypeAdapter(RawMessageStreamEvent)


def gemini() -> tuple[TypeAdapter, TypeAdapter]:
    from google.genai import types

    class GenerateContentRequest(BaseModel):
        """As in the REST reference: the package has types for its parts alone."""

        model_config = ConfigDict(extra="forbid")

        contents: list[types.Content]
        systemInstruction: types.Content
        tools: list[types.Tool] = []
        generationConfig: types.GenerationConfig | None = None

    return TypeAdapter(GenerateContentRequest), TypeAdapter(types.GenerateContentResponse)


@cache
def types_of(wire: str) -> tuple[TypeAdapter, TypeAdapter]:
    """Those of a request and of an event. A package is loaded when it is needed: that takes seconds."""
    return {"chat": chat, "anthropic": anthropic, "gemini": gemini}[wire]()


def unknown_fields(value: Any, path: str) -> Iterator[str]:
    """The paths of fields that the models do not know."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name}"
        for name in type(value).model_fields:
            yield from unknown_fields(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from unknown_fields(entry, f"{path}[{index}]")


def described(error: ValidationError) -> str:
    """The first of what is wrong."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:8])


def exhausted(value: Any) -> Any:
    """Validates what pydantic checks only when it is read: an iterable of a TypedDict."""
    if isinstance(value, dict):
        return {key: exhausted(entry) for key, entry in value.items()}
    if isinstance(value, str | int | float | bool | None):
        return value
    return [exhausted(entry) for entry in value]


def failures(line: str) -> Iterator[str]:
    """What is wrong with one line."""
    entry = json.loads(line)
    wire = entry["wire"]
    try:
        if "event" in entry:
            # The package passes over this one before it reads its types.
            if wire == "anthropic" and entry["event"] == {"type": "ping"}:
                return
            event = types_of(wire)[1].validate_json(json.dumps(entry["event"]), strict=wire != "gemini")
            unknown = list(unknown_fields(event, f"{wire} event"))
            if unknown:
                yield f"no such field: {', '.join(unknown)}"
            return
        read = types_of(wire)[0].validate_python(entry["request"])
        if isinstance(read, BaseModel):
            return
        read = exhausted(read)
        if read != entry["request"]:
            yield f"{wire} request: fields that the types do not know, or others: {read} is not {entry['request']}"
    except ValidationError as error:
        yield f"{wire} {'event' if 'event' in entry else 'request'}: {described(error)}"


def main() -> int:
    checked, failed = 0, 0
    for line in filter(str.strip, sys.stdin):
        checked += 1
        for failure in failures(line):
            failed += 1
            print(failure, file=sys.stderr)
    print(f"{checked} checked, {failed} failures")
    return 1 if failed or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
