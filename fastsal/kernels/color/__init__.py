"""Colour conversions, on either backend."""
