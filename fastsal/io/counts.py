"""Numbers with their nouns."""


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is 1.

    Examples
    --------
    >>> count_of(1, "frame"), count_of(0, "frame"), count_of(12, "video")
    ('1 frame', '0 frames', '12 videos')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
