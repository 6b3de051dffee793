"""``fastsal COMMAND``: one line of help per command, one line per error."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from .. import __version__
from ..concurrency.interrupts import Terminated, heeded_interrupts, received_status
from ..io.atomic_write import remove_unfinished
from ..pipelines.compiling import Compiling
from ..registry import BUILT_IN
from . import (
    bench,
    compress,
    crop,
    demo,
    evaluate,
    explain,
    image,
    info,
    methods,
    quality,
    retarget,
    video,
    warmup,
    webcam,
)
from .messages import say, text_of

_COMMANDS = (
    demo, methods, image, video, webcam, compress, quality, crop, retarget, explain, evaluate,
    bench, info, warmup,
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Returns
    -------
    int
        0 done, 1 could not (one line on stderr), 2 bad usage, 130 interrupted, 143 terminated.
    """
    _open_missing_streams()
    _accept_all_names()
    try:
        options = _parser().parse_args(argv)
        _check_environment()
        with heeded_interrupts(), _compiling(options):
            status: int | None = options.run(options)
        sys.stdout.flush()
    except Terminated as stop:
        say("terminated")
        return stop.status
    except SystemExit as stop:  # argparse has printed the error
        return stop.code if isinstance(stop.code, int) else 2
    except KeyboardInterrupt as stop:
        say(" ".join(("interrupted", text_of(stop))).strip())
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if status := received_status():
            say("interrupted" if status == 130 else "terminated")
            return status
        say(f"error: {text_of(error)}")
        is_bad_usage = type(error) in (TypeError, ValueError)  # not their subclasses
        return 2 if is_bad_usage else 1
    finally:
        remove_unfinished()
    return status or 0


def _compiling(options: argparse.Namespace) -> AbstractContextManager[object]:
    """Return a display of compiling, for commands without their own."""
    if options.run not in (
        compress.run,
        quality.run,
        crop.run,
        demo.run,
        image.run,
        retarget.run,
        video.run,
    ):
        return nullcontext()
    named = getattr(options, "method", "all").split(",")
    keys = [key for key in BUILT_IN if key in named]
    if not keys:  # "all", or something that the command will refuse
        is_demo = options.run is demo.run
        keys = [key for key, row in BUILT_IN.items() if is_demo or row.kind == "static"]
    return Compiling(keys, say)


def _open_missing_streams() -> None:
    """Put the null device where a standard stream was closed before the program started.

    The next file opened would otherwise get its number, and the messages that libraries print
    there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(null, mode))


def _accept_all_names() -> None:
    """Let stdout print every file name: escaped where its encoding lacks a character."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _check_environment() -> None:
    """Refuse values that end the process, without a word of the variable, when OpenCV is loaded."""
    for side in ("PIXELS", "WIDTH", "HEIGHT"):
        name = f"OPENCV_IO_MAX_IMAGE_{side}"
        value = os.environ.get(name, "")
        if value and not re.fullmatch(r"[0-9]{1,19}([MmKk][Bb])?", value):
            raise ValueError(
                f"`{name}` must be an integer; got {value!r}; change or unset the variable"
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastsal",
        description="Compute the visual saliency of images and videos.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"fastsal {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_to(commands)
    return parser
