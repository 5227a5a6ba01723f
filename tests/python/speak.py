"""Has a text spoken by the official client of a service, and tells what came.

    speak.py openai|elevenlabs|deepgram URL KEY VOICE TEXT

Prints the bytes of audio that came.
"""

import sys


def openai(url: str, key: str, voice: str, text: str) -> bytes:
    """Asks as OpenAI's package does."""
    from openai import OpenAI

    client = OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)
    speech = client.audio.speech.with_streaming_response
    with speech.create(model="gpt-4o-mini-tts", voice=voice, input=text, response_format="pcm") as answer:
        return b"".join(answer.iter_bytes())


def elevenlabs(url: str, key: str, voice: str, text: str) -> bytes:
    """Asks as ElevenLabs' package does."""
    from elevenlabs.client import ElevenLabs

    client = ElevenLabs(api_key=key, base_url=url)
    audio = client.text_to_speech.stream(
        voice, text=text, model_id="eleven_flash_v2_5", language_code="pt", output_format="pcm_16000"
    )
    return b"".join(audio)


def deepgram(url: str, key: str, voice: str, text: str) -> bytes:
    """Asks as Deepgram's package does."""
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    place = DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url)
    client = DeepgramClient(api_key=key, environment=place)
    audio = client.speak.v1.audio.generate(
        text=text, model=voice, encoding="linear16", container="none", sample_rate=16000
    )
    return b"".join(audio)


def main() -> None:
    """Asks the service that is named."""
    vendor, *arguments = sys.argv[1:]
    print(len({"openai": openai, "elevenlabs": elevenlabs, "deepgram": deepgram}[vendor](*arguments)))


if __name__ == "__main__":
    main()
