"""Checks events of OpenAI Live against the types of the official package, as validate_openai.py does those of the Realtime API."""

import sys

from openai.types.live import ClientEvent, ServerEvent
from pydantic import TypeAdapter

import validate_openai

if __name__ == "__main__":
    validate_openai.ADAPTERS = {"client": TypeAdapter(ClientEvent), "server": TypeAdapter(ServerEvent)}
    sys.exit(validate_openai.main())
