"""Checks the events of live speech to text against the types of the official packages.

Reads JSON lines {"vendor": "deepgram" | "elevenlabs", "side": "client" | "server", "event": {...}} on stdin. A field that the type does
not know is a failure too.

Prints each failure to stderr and a count to stdout. Exits with 1 if anything failed, or if there was nothing to check.
"""

import json
import sys
from typing import Any

from pydantic import BaseModel, ValidationError


def deepgram(event: dict[str, Any]) -> type[BaseModel] | None:
    from deepgram.listen.v1 import types

    return {
        "Finalize": types.ListenV1Finalize,
        "KeepAlive": types.ListenV1KeepAlive,
        "CloseStream": types.ListenV1CloseStream,
        "Results": types.ListenV1Results,
        "Metadata": types.ListenV1Metadata,
        "Error": types.ListenV1Error,
    }.get(event.get("type", ""))


def elevenlabs(event: dict[str, Any]) -> type[BaseModel] | None:
    from elevenlabs import types

    return {
        "input_audio_chunk": types.InputAudioChunkPayload,
        "session_started": types.SessionStartedPayload,
        "partial_transcript": types.PartialTranscriptPayload,
        "committed_transcript": types.CommittedTranscriptPayload,
        "commit_throttled": types.ScribeThrottledErrorPayload,
        "input_error": types.ScribeInputErrorPayload,
    }.get(event.get("message_type", ""))


def unknown_fields(value: Any) -> list[str]:
    """The fields that the models do not know."""
    if isinstance(value, BaseModel):
        inner = [unknown_fields(getattr(value, name)) for name in type(value).model_fields]
        return [*(value.model_extra or {}), *sum(inner, [])]
    if isinstance(value, list):
        return sum(map(unknown_fields, value), [])
    return []


def failure(entry: dict[str, Any]) -> str | None:
    """What is wrong with one line."""
    event = entry["event"]
    known = {"deepgram": deepgram, "elevenlabs": elevenlabs}[entry["vendor"]](event)
    if known is None:
        return f"no such event: {event}"
    try:
        unknown = unknown_fields(known.model_validate(event))
    except ValidationError as error:
        return f"{known.__name__}: {error}"
    return f"{known.__name__} has no field {', '.join(unknown)}" if unknown else None


def main() -> int:
    checked, failed = 0, 0
    for line in filter(str.strip, sys.stdin):
        checked += 1
        wrong = failure(json.loads(line))
        if wrong:
            failed += 1
            print(wrong, file=sys.stderr)
    print(f"{checked} checked, {failed} failures")
    return 1 if failed or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
