"""Colour conversions, on either bench."""
