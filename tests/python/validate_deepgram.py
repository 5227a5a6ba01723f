"""Checks events of the Deepgram Voice Agent API against the types of the official package.

Reads JSON lines {"from": "client" | "server", "event": {...}} on stdin. Each event must be one of the package's own, with the
right types in strict mode. The package's models keep unknown fields without a word, so a misspelt optional field would pass;
here any field that no model knows is a failure too.

Prints each failure to stderr and a count to stdout. Exits with 1 if anything failed, or if there was nothing to check.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import deepgram.agent.v1.types as agent
from pydantic import BaseModel, TypeAdapter, ValidationError

CLIENT = {
    "Settings": agent.AgentV1Settings,
    "InjectAgentMessage": agent.AgentV1InjectAgentMessage,
    "InjectUserMessage": agent.AgentV1InjectUserMessage,
    "FunctionCallResponse": agent.AgentV1SendFunctionCallResponse,
    "KeepAlive": agent.AgentV1KeepAlive,
}
SERVER = {
    "Welcome": agent.AgentV1Welcome,
    "SettingsApplied": agent.AgentV1SettingsApplied,
    "UserStartedSpeaking": agent.AgentV1UserStartedSpeaking,
    "ConversationText": agent.AgentV1ConversationText,
    "History": agent.AgentV1History,
    "AgentThinking": agent.AgentV1AgentThinking,
    "AgentStartedSpeaking": agent.AgentV1AgentStartedSpeaking,
    "AgentAudioDone": agent.AgentV1AgentAudioDone,
    "FunctionCallRequest": agent.AgentV1FunctionCallRequest,
    "FunctionCallCancelled": agent.AgentV1FunctionCallCancelled,
    "InjectionRefused": agent.AgentV1InjectionRefused,
    "Error": agent.AgentV1Error,
    "Warning": agent.AgentV1Warning,
}
EVENTS = {"client": CLIENT, "server": SERVER}


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


def failures(line: str) -> Iterator[str]:
    """What is wrong with one line."""
    entry = json.loads(line)
    event = entry["event"]
    kind = event.get("type")
    model = EVENTS[entry["from"]].get(kind)
    if model is None:
        yield f"{kind}: is no event of the {entry['from']}"
        return
    try:
        read = TypeAdapter(model).validate_json(json.dumps(event), strict=True)
    except ValidationError as error:
        first = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:8])
        yield f"{kind}: {first}"
        return
    unknown = list(unknown_fields(read, str(kind)))
    if unknown:
        yield f"no such fields: {', '.join(unknown)}"


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
