"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import Any

# Literals, not imports: the parser must not load OpenCV just to say what --view takes.
VIEWS = ("overlay", "map", "side-by-side")
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
    """Return an option's number, from 1 up, or raise ValueError as argparse wants it."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def add_look(parser: argparse.ArgumentParser) -> None:
    """Add how a map is computed and shown."""
    parser.add_argument("--view", choices=VIEWS, default="overlay", help="default: %(default)s")
    parser.add_argument(
        "--alpha", type=float, default=0.5, help="strength of the overlay, 0 to 1 (default: 0.5)"
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, default="auto", help="where to compute (default: auto)"
    )
