"""Medians of square windows of bytes, by a sorting network."""
