"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import FastsalError

# Literals, not imports: the parser must not load OpenCV just to say what --view takes.
VIEWS = ("overlay", "map", "side-by-side")
_SHORT = {"side": "side-by-side"}
BACKENDS = ("auto", "cpu", "cuda")

Commands = Any  # argparse keeps the type of its subparsers to itself


def add_command(commands: Commands, name: str, summary: str, run: Any) -> argparse.ArgumentParser:
    """Add a command that calls `run` with the parsed options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, allow_abbrev=False
    )
    parser.set_defaults(run=run)
    return parser


def count(text: str) -> int:
    """Return how many of something an option asks for."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected an integer from 1 up, got {text!r}")
    return int(text)


def add_look(parser: argparse.ArgumentParser, views: tuple[str, ...] = VIEWS) -> None:
    """Add how a map is computed and shown."""
    parser.add_argument(
        "--view", type=lambda text: _SHORT.get(text, text), choices=views, default="overlay",
        help="default: %(default)s; 'side' is short for side-by-side",
    )  # fmt: skip
    parser.add_argument(
        "--alpha", type=float, default=0.5, help="strength of the overlay, 0 to 1 (default: 0.5)"
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, default="auto", help="where to compute (default: auto)"
    )


def size_of(text: str) -> tuple[int, int]:
    """Return the width and height that an option gives as WxH."""
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected WxH, 640x480 say, got {text!r}") from None
    if width < 1 or height < 1:
        raise argparse.ArgumentTypeError(f"expected a size of at least 1x1, got {text!r}")
    return width, height


def named(text: str, option: str) -> str:
    """Return the value of an option that names a file or folder, unless it is empty.

    As a path nothing would mean the current folder.
    """
    if not text:
        raise FastsalError(f"{option}: expected a name, got an empty one")
    return text
