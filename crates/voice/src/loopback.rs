//! An engine that gives the caller his own voice back: for trials and for measuring the gateway alone.
