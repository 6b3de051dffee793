"""Everything about a CUDA device in one go: ``python -m benchmarks.gpu``."""
