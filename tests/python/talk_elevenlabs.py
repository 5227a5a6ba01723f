"""The official ElevenLabs client has a conversation with the stand-in at the address that is its argument.

It speaks twice, the second time into the answer, and uses the tool that it is asked to use. What it is told goes to the standard
output, line by line.
"""

import json
import struct
import sys
import threading

from elevenlabs.client import ElevenLabs
from elevenlabs.conversational_ai.conversation import (
    AudioInterface,
    ClientTools,
    Conversation,
    ConversationInitiationData,
)

RATE = 16_000
FRAME = RATE // 50
PATIENCE = 60


def tell(line):
    print(line, flush=True)


class Line(AudioInterface):
    """What the caller says goes in when it is time; what the agent says is counted."""

    def __init__(self):
        self.heard = 0
        self.say = None
        self.interrupted = threading.Event()

    def start(self, input_callback):
        self.say = input_callback

    def stop(self):
        self.say = None

    def output(self, audio):
        self.heard += len(audio)

    def interrupt(self):
        tell("interrupted")
        self.interrupted.set()

    def speak(self):
        tone = struct.pack(f"<{FRAME}h", *(6000 if n % 40 < 20 else -6000 for n in range(FRAME)))
        for frame in range(60):
            self.say(tone if frame < 20 else bytes(2 * FRAME))


def main():
    line = Line()
    answered = threading.Event()
    used = threading.Event()

    def answer(text):
        tell(f"agent: {text}")
        answered.set()

    def check(parameters):
        tell(f"tool: {json.dumps({k: v for k, v in parameters.items() if k != 'tool_call_id'})}")
        used.set()
        return "available"

    tools = ClientTools()
    tools.register("check_extension_available", check)
    conversation = Conversation(
        ElevenLabs(api_key="xi-sim", base_url=sys.argv[1]),
        "agent_sim",
        requires_auth=True,
        audio_interface=line,
        config=ConversationInitiationData(conversation_config_override={"agent": {"first_message": ""}}),
        client_tools=tools,
        callback_agent_response=answer,
        callback_agent_response_correction=lambda said, heard: tell(f"corrected: {heard}"),
        callback_user_transcript=lambda text: tell(f"user: {text}"),
    )
    conversation.start_session()
    while line.say is None:
        answered.wait(0.01)
    line.speak()
    assert answered.wait(PATIENCE), "no answer"
    answered.clear()
    line.speak()
    assert line.interrupted.wait(PATIENCE), "no interruption"
    assert used.wait(PATIENCE), "no tool"
    assert answered.wait(PATIENCE), "no answer after the tool"
    conversation.end_session()
    conversation.wait_for_session_end()
    tell(f"heard {line.heard > 0}")


main()
