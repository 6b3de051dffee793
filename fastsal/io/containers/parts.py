"""The words for parts that are missing at the end of a file."""

import mmap

MISSING = "damaged: a part of the video is missing"
CUT = "cut short or damaged: "


def missing(data: mmap.mmap, end: int) -> str:
    """Compare the end of a part with the end of the file."""
    if end <= len(data):
        return ""
    return f"{CUT}{end - len(data):,} bytes are missing at its end"
