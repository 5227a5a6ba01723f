"""The official client talks to a Voice Agent API: `talk_deepgram.py BASE_URL KEY`, the base URL a WebSocket's.

It sends settings as an application would, says something that is loud for half a second and then silent, answers the function
that is called, has the agent say a text, and hears what comes back until that was said. Prints what it met as one JSON object.
"""

import json
import sys
from typing import Any

from deepgram import DeepgramClient
from deepgram.agent.v1 import types as agent
from deepgram.environment import DeepgramClientEnvironment

RATE = 16_000
LOUD = bytes(b for n in range(RATE // 2) for b in (6_000 if n % 40 < 20 else -6_000).to_bytes(2, "little", signed=True))
QUIET = bytes(2 * RATE)
GOODBYE = "Até logo!"

SETTINGS = {
    "type": "Settings",
    "audio": {
        "input": {"encoding": "linear16", "sample_rate": RATE},
        "output": {"encoding": "linear16", "sample_rate": RATE, "container": "none"},
    },
    "agent": {
        "listen": {"provider": {"type": "deepgram", "version": "v1", "model": "nova-3", "language": "pt-BR"}},
        "think": {
            "provider": {"type": "open_ai", "model": "gpt-4o-mini"},
            "prompt": "You are a secretary.",
            "functions": [{"name": "transfer_call", "description": "Hands the call to somebody.", "parameters": {}}],
        },
        "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
    },
}


def converse(connection: Any) -> dict[str, Any]:
    met: dict[str, Any] = {"kinds": [], "texts": [], "functions": [], "audio_bytes": 0}
    said = 0
    for message in connection:
        if isinstance(message, bytes):
            met["audio_bytes"] += len(message)
            continue
        met["kinds"].append(type(message).__name__)
        if isinstance(message, agent.AgentV1Welcome):
            connection.send_settings(agent.AgentV1Settings.model_validate(SETTINGS))
        elif isinstance(message, agent.AgentV1SettingsApplied):
            connection.send_keep_alive()
            for piece in (LOUD, QUIET):
                connection.send_media(piece)
        elif isinstance(message, agent.AgentV1ConversationText):
            met["texts"].append([message.role, message.content])
        elif isinstance(message, agent.AgentV1FunctionCallRequest):
            for function in message.functions:
                met["functions"].append([function.name, json.loads(function.arguments)])
                done = agent.AgentV1SendFunctionCallResponse(id=function.id, name=function.name, content="ok")
                connection.send_function_call_response(done)
        elif isinstance(message, agent.AgentV1AgentAudioDone):
            said += 1
            if said == 2:
                return met
            connection.send_inject_agent_message(agent.AgentV1InjectAgentMessage(message=GOODBYE))
        elif isinstance(message, agent.AgentV1Error):
            raise SystemExit(f"{message.code}: {message.description}")
    raise SystemExit(f"the connection ended after {met}")


def main(address: str, key: str) -> None:
    environment = DeepgramClientEnvironment(base=address, production=address, agent=address, agent_rest=address)
    client = DeepgramClient(api_key=key, environment=environment)
    with client.agent.v1.connect() as connection:
        print(json.dumps(converse(connection)))


if __name__ == "__main__":
    main(*sys.argv[1:])
