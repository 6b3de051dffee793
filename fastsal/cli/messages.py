"""What goes to stderr."""

import sys

from ..methods import METHODS

COMPILING = (
    f"compiling what is not yet compiled of {len(METHODS)} methods: "
    "minutes the first time, later seconds"
)


def say(line: str) -> None:
    """Print one line on stderr, whatever is in it."""
    text = " ".join(f"fastsal: {line}".split())
    print(text.encode(errors="backslashreplace").decode(), file=sys.stderr, flush=True)


def text_of(error: BaseException) -> str:
    """Return the message of an error together with its notes."""
    notes = "; ".join(getattr(error, "__notes__", ()))
    return f"{error} ({notes})" if notes else str(error)
