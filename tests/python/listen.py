"""Has a sound's words found by the official client of a live service, and prints them.

    listen.py deepgram|elevenlabs URL KEY FILE

The file holds mono 16-bit samples of 16 kHz.
"""

import asyncio
import base64
import sys

PIECE = 3200


def deepgram(url: str, key: str, sound: bytes) -> str:
    """Asks as Deepgram's package does."""
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    socket = url.replace("http", "ws", 1)
    place = DeepgramClientEnvironment(base=url, production=socket, agent=socket, agent_rest=url)
    client = DeepgramClient(api_key=key, environment=place)
    words = []
    with client.listen.v1.connect(model="nova-3", encoding="linear16", sample_rate=16000, interim_results=True) as connection:
        for at in range(0, len(sound), PIECE):
            connection.send_media(sound[at : at + PIECE])
        connection.send_finalize()
        for message in connection:
            if message.type == "Results" and message.is_final:
                words.append(message.channel.alternatives[0].transcript)
            if message.type == "Results" and message.from_finalize:
                break
        connection.send_close_stream()
    return " ".join(words)


def elevenlabs(url: str, key: str, sound: bytes) -> str:
    """Asks as ElevenLabs' package does."""
    from elevenlabs.realtime.connection import RealtimeEvents
    from elevenlabs.realtime.scribe import AudioFormat, CommitStrategy, ScribeRealtime

    async def talk() -> str:
        words: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        connection = await ScribeRealtime(key, url.replace("http", "ws", 1)).connect(
            {
                "model_id": "scribe_v2_realtime",
                "audio_format": AudioFormat.PCM_16000,
                "sample_rate": 16000,
                "commit_strategy": CommitStrategy.MANUAL,
            }
        )

        def failed(event: dict[str, str]) -> None:
            if not words.done():
                words.set_exception(RuntimeError(str(event)))

        connection.on(RealtimeEvents.COMMITTED_TRANSCRIPT, lambda event: words.set_result(event["text"]))
        connection.on(RealtimeEvents.ERROR, failed)
        for at in range(0, len(sound), PIECE):
            await connection.send({"audio_base_64": base64.b64encode(sound[at : at + PIECE]).decode()})
        await connection.commit()
        text = await words
        await connection.close()
        return text

    return asyncio.run(talk())


def main() -> None:
    vendor, url, key, file = sys.argv[1:]
    with open(file, "rb") as sound:
        print({"deepgram": deepgram, "elevenlabs": elevenlabs}[vendor](url, key, sound.read()))


if __name__ == "__main__":
    main()
