"""Messages on stderr."""

import sys

from ..io.reasons import text_of as text_of
from ..registry import BUILT_IN

COMPILING = (
    f"compiling the kernels of {len(BUILT_IN)} methods: a minute or two the first time, then cached"
)


def say(line: str) -> None:
    """Print text on stderr as one line of any characters."""
    text = " ".join(f"fastsal: {line}".split())
    # In one piece: Ctrl-C could come between the text and the end of its line.
    print(
        text.encode(errors="backslashreplace").decode() + "\n", end="", file=sys.stderr, flush=True
    )
