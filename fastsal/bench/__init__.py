"""Benchmark runs: every method beside its peers, and against the memory's bandwidth."""
