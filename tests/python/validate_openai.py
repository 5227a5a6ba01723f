"""Checks events of the OpenAI Realtime API against the types of the official package.

Reads JSON lines {"from": "client" | "server", "event": {...}} on stdin. Each event must be one of the package's own, with
the right types in strict mode. The package's models keep unknown fields without a word, so a misspelt optional field would
pass; here any field that no model knows is a failure too.

Prints each failure to stderr and a count to stdout. Exits with 1 if anything failed, or if there was nothing to check.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter, ValidationError

ADAPTERS = {"client": TypeAdapter(RealtimeClientEvent), "server": TypeAdapter(RealtimeServerEvent)}


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


def complaints(error: ValidationError) -> str:
    """What the one model of the event's own type says; the others of the union only say that the type is not theirs."""
    errors = error.errors()
    others = {e["loc"][0] for e in errors if e["type"] == "literal_error" and e["loc"][1:] == ("type",)}
    own = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in errors if e["loc"][0] not in others]
    return "; ".join(own[:8]) or "no such type"


def failures(line: str) -> Iterator[str]:
    """What is wrong with one line."""
    entry = json.loads(line)
    adapter, event = ADAPTERS[entry["from"]], entry["event"]
    kind = event.get("type")
    try:
        parsed = adapter.validate_json(json.dumps(event), strict=True)
    except ValidationError as error:
        yield f"{kind}: is no event of the {entry['from']}: {complaints(error)}"
        return
    for path in unknown_fields(parsed, str(kind)):
        yield f"{path}: no such field in {type(parsed).__name__}"


def main() -> int:
    checked, failed = 0, 0
    for line in filter(str.strip, sys.stdin):
        checked += 1
        for failure in failures(line):
            failed += 1
            print(failure, file=sys.stderr)
    print(f"{checked} events checked, {failed} failures")
    return 1 if failed or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
