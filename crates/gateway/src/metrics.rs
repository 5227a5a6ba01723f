//! What the server counts, for Prometheus. Never a label per call.
