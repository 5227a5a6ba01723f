//! The OpenAI Realtime API (GA).
