"""``fastsal COMMAND``: one line of help per command, one line per error."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import FastsalError
from . import bench, demo, image, info, video, warmup, webcam

_COMMANDS = (demo, image, video, webcam, bench, info, warmup)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Returns
    -------
    int
        0 done, 1 could not (one line on stderr), 2 bad usage, 130 interrupted.
    """
    try:
        options = _parser().parse_args(argv)
        options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit as stop:  # argparse has said what is wrong
        return stop.code if isinstance(stop.code, int) else 2
    except KeyboardInterrupt as stop:
        return _said("interrupted", stop, 130)
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (FastsalError, OSError) as error:
        return _said(f"error: {error}", error, 1)
    except (TypeError, ValueError) as error:
        return _said(f"error: {error}", error, 2)
    return 0


def run() -> None:
    """Entry point of the ``fastsal`` script."""
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastsal", description="Where people look and what moves, fast.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"fastsal {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_to(commands)
    return parser


def _said(line: str, error: BaseException, status: int) -> int:
    notes = "; ".join(getattr(error, "__notes__", ()))
    text = " ".join(f"fastsal: {line}{f' ({notes})' if notes else ''}".split())
    print(text.encode(errors="backslashreplace").decode(), file=sys.stderr)
    return status
