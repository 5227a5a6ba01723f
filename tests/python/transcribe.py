"""The official OpenAI package has an utterance transcribed by the stand-in, with the fields that were sent by ours.

`transcribe.py URL KEY FIELDS` prints one JSON line: the words, and the fields (a JSON object) that the package's types do not know.
"""

import io
import json
import sys
import wave

from openai import OpenAI
from openai.types.audio.transcription_create_params import TranscriptionCreateParamsNonStreaming


def sound() -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(3200))
    file.seek(0)
    file.name = "speech.wav"
    return file


def main() -> None:
    url, key, fields = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    known = TranscriptionCreateParamsNonStreaming.__annotations__
    client = OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)
    words = client.audio.transcriptions.create(file=sound(), **fields).text
    print(json.dumps({"words": words, "unknown": [name for name in fields if name not in known]}))


if __name__ == "__main__":
    main()
