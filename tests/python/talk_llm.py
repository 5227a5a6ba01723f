"""The official packages of OpenAI, Anthropic and Google talk to the stand-in, whose replies are a call of a tool and then words.

`talk_llm.py WIRE ORIGIN` prints one JSON line: the call that was read (name, arguments, id), the words, and the tokens of the last
answer (read, written).
"""

import json
import sys
from typing import Any

TOOL = {"type": "object", "properties": {"name": {"type": "string"}}}


def chat(origin: str) -> dict[str, Any]:
    from openai import OpenAI

    client = OpenAI(api_key="sk-secret", base_url=f"{origin}/v1", max_retries=0)
    messages: list[Any] = [{"role": "user", "content": "anota"}]
    tools: list[Any] = [{"type": "function", "function": {"name": "take_message", "parameters": TOOL}}]
    with client.chat.completions.stream(model="sim", messages=messages, tools=tools) as stream:
        message = stream.get_final_completion().choices[0].message
    call = message.tool_calls[0]
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "noted"}]
    options = {"include_usage": True}
    with client.chat.completions.stream(model="sim", messages=messages, stream_options=options) as stream:
        last = stream.get_final_completion()
    return {
        "call": [call.function.name, json.loads(call.function.arguments), call.id],
        "words": last.choices[0].message.content,
        "tokens": [last.usage.prompt_tokens, last.usage.completion_tokens],
    }


def anthropic(origin: str) -> dict[str, Any]:
    from anthropic import Anthropic

    client = Anthropic(api_key="sk-secret", base_url=origin, max_retries=0)
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "anota"}]}]
    tools: list[Any] = [{"name": "take_message", "input_schema": TOOL}]
    with client.messages.stream(model="sim", max_tokens=100, messages=messages, tools=tools) as stream:
        message = stream.get_final_message()
    call = next(block for block in message.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "noted"}
    content = [block.model_dump(exclude_none=True) for block in message.content]
    messages += [{"role": "assistant", "content": content}, {"role": "user", "content": [result]}]
    with client.messages.stream(model="sim", max_tokens=100, messages=messages, tools=tools) as stream:
        last = stream.get_final_message()
    read = last.usage.input_tokens + last.usage.cache_creation_input_tokens + last.usage.cache_read_input_tokens
    return {
        "call": [call.name, call.input, call.id],
        "words": "".join(block.text for block in last.content if block.type == "text"),
        "tokens": [read, last.usage.output_tokens],
    }


def gemini(origin: str) -> dict[str, Any]:
    from google import genai
    from google.genai import types

    client = genai.Client(api_key="sk-secret", http_options=types.HttpOptions(base_url=origin))
    declaration = types.FunctionDeclaration(name="take_message", parameters_json_schema=TOOL)
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[declaration])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    chat = client.chats.create(model="sim", config=config)
    calls = [call for chunk in chat.send_message_stream("anota") for call in chunk.function_calls or []]
    response = types.Part.from_function_response(name="take_message", response={"output": "noted"})
    chunks = list(chat.send_message_stream(response))
    usage = chunks[-1].usage_metadata
    return {
        "call": [calls[0].name, calls[0].args, calls[0].id],
        "words": "".join(chunk.text or "" for chunk in chunks),
        "tokens": [usage.prompt_token_count, usage.candidates_token_count + usage.thoughts_token_count],
    }


if __name__ == "__main__":
    talk = {"chat": chat, "anthropic": anthropic, "gemini": gemini}[sys.argv[1]]
    print(json.dumps(talk(sys.argv[2])))
