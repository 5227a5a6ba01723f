"""Checks messages of the Gemini Live API against the types of the official package.

Reads JSON lines {"from": "client" | "server", "event": {...}} on stdin. Each message must be one of the package's own, and what
the package's types make of it, written as JSON again, must be the same (strict mode takes no base64). They refuse fields that
they do not know. An enum's unknown value, which they take with a warning, is a failure too. `setup.realtimeInputConfig` has a
type of its own: the package writes it into the setup, whose type does not have it.

Prints each failure to stderr and a count to stdout. Exits with 1 if anything failed, or if there was nothing to check.
"""

import json
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from google.genai import types
from pydantic import ValidationError

MESSAGES = {"client": types.LiveClientMessage, "server": types.LiveServerMessage}


def complaints(error: ValidationError) -> str:
    """The first of what is wrong."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:8])


def parts(sender: str, event: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """What is to be checked, each with its type."""
    if sender == "client" and "realtimeInputConfig" in event.get("setup", {}):
        setup = dict(event["setup"])
        yield types.RealtimeInputConfig, setup.pop("realtimeInputConfig")
        event = {**event, "setup": setup}
    yield MESSAGES[sender], event


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same. The package writes base64 for URLs, which the API takes as well."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) and isinstance(other, str):
        return one.translate(str.maketrans("-_", "+/")) == other.translate(str.maketrans("-_", "+/"))
    return type(one) is type(other) and one == other


def failures(line: str) -> Iterator[str]:
    """What is wrong with one line."""
    entry = json.loads(line)
    sender, event = entry["from"], entry["event"]
    kind = next(iter(event), "nothing")
    if sender == "client" and len(event) != 1:
        yield f"{kind}: a message of the client's is one thing, not {len(event)}"
    if not event:
        yield "a message without anything in it"
    for model, value in parts(sender, event):
        try:
            read = model.model_validate_json(json.dumps(value))
            written = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
            if not same(written, value):
                yield f"{kind}: {model.__name__} makes of it {written}"[:500]
        except ValidationError as error:
            yield f"{kind}: is no {model.__name__}: {complaints(error)}"
        except UserWarning as warning:
            yield f"{kind}: {warning}"


def main() -> int:
    warnings.simplefilter("error", UserWarning)
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
