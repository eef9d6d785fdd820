"""The Mesa agents: each owns its state and its decisions, and calls mechanisms."""
