"""From small maps to the final ones: blurred, drawn to the centre, stretched, enlarged."""

from .options import checked as checked
