"""Checks requests to and chunks from `/chat/completions` against the types of the official OpenAI package.

Reads JSON lines {"request": {...}} or {"chunk": {...}} on stdin. Types are checked strictly where the package has models; a
field that no model knows is a failure too.

Prints each failure to stderr and a count to stdout. Exits with 1 if anything failed, or if there was nothing to check.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from openai.types.chat import ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic import with_config

REQUEST = TypeAdapter(with_config(ConfigDict(extra="forbid"))(CompletionCreateParamsStreaming))


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
    try:
        if "request" in entry:
            read = exhausted(REQUEST.validate_python(entry["request"]))
            if read != entry["request"]:
                yield f"request: fields that the types do not know, or others: {read} is not {entry['request']}"
            return
        chunk = ChatCompletionChunk.model_validate_json(json.dumps(entry["chunk"]), strict=True)
        for path in unknown_fields(chunk, "chunk"):
            yield f"{path}: no such field"
    except ValidationError as error:
        yield f"{next(iter(entry))}: {described(error)}"


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
