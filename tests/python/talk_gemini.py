"""The official client talks to a Live API at a base URL: `talk_gemini.py BASE_URL KEY MODEL HANDLE|-`.

It configures a session as an application would, says something that is loud for half a second and then silent, answers the tool
that is called, and hears what comes back. Prints what it met as one JSON object.
"""

import asyncio
import json
import sys
from typing import Any

from google import genai
from google.genai import live, types
from websockets.asyncio.client import connect

RATE = 16_000
LOUD = bytes(b for n in range(RATE // 2) for b in (6_000 if n % 40 < 20 else -6_000).to_bytes(2, "little", signed=True))
QUIET = bytes(2 * RATE)


def without_tls(uri: str, *, ssl: Any = None, **options: Any) -> connect:
    """The client insists on TLS, whatever its base URL says."""
    return connect(uri.replace("wss://", "ws://"), **options)


def config(handle: str | None) -> types.LiveConnectConfig:
    tool = types.FunctionDeclaration(name="transfer_call", description="Hands the call to somebody.")
    return types.LiveConnectConfig(
        response_modalities=[types.Modality.AUDIO],
        system_instruction="You are a secretary.",
        tools=[types.Tool(function_declarations=[tool])],
        input_audio_transcription=types.AudioTranscriptionConfig(),
        output_audio_transcription=types.AudioTranscriptionConfig(),
        session_resumption=types.SessionResumptionConfig(handle=handle),
        context_window_compression=types.ContextWindowCompressionConfig(sliding_window=types.SlidingWindow()),
        realtime_input_config=types.RealtimeInputConfig(
            automatic_activity_detection=types.AutomaticActivityDetection(silence_duration_ms=400)
        ),
    )


async def converse(session: Any) -> dict[str, Any]:
    met: dict[str, Any] = {"heard": "", "said": "", "audio_bytes": 0, "tools": [], "handles": 0, "handle": None, "tokens": 0}
    for piece in (LOUD, QUIET):
        await session.send_realtime_input(audio=types.Blob(data=piece, mime_type=f"audio/pcm;rate={RATE}"))
    async for message in session.receive():
        met["audio_bytes"] += len(message.data or b"")
        update, content, call = message.session_resumption_update, message.server_content, message.tool_call
        if update and update.resumable:
            met["handles"] += 1
            met["handle"] = update.new_handle
        if message.usage_metadata:
            met["tokens"] += message.usage_metadata.total_token_count or 0
        if content and content.input_transcription:
            met["heard"] += content.input_transcription.text or ""
        if content and content.output_transcription:
            met["said"] += content.output_transcription.text or ""
        for wanted in call.function_calls if call else []:
            met["tools"].append({"name": wanted.name, "args": wanted.args})
            done = types.FunctionResponse(id=wanted.id, name=wanted.name, response={"output": "ok"})
            await session.send_tool_response(function_responses=[done])
    return met


async def main(base_url: str, key: str, model: str, handle: str | None) -> None:
    live.ws_connect = without_tls
    client = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=base_url))
    async with client.aio.live.connect(model=model, config=config(handle)) as session:
        print(json.dumps(await asyncio.wait_for(converse(session), 60)))


if __name__ == "__main__":
    address, api_key, name, resumed = sys.argv[1:]
    asyncio.run(main(address, api_key, name, None if resumed == "-" else resumed))
