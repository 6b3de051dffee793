"""``fastsal demo``: every method on built-in images and a built-in clip."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import Commands, add_command, make_folder, named


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "demo", "run every method on built-in images and a built-in clip", run
    )
    parser.add_argument(
        "-o",
        "--output",
        default="fastsal-demo",
        metavar="DIR",
        help="folder for the pictures and videos (default: %(default)s)",
    )
    parser.add_argument(
        "--timing", action="store_true", help="also time every method and print a table"
    )


def run(options: argparse.Namespace) -> None:
    """Write the pictures and videos; with --timing, print a table of speeds."""
    folder = Path(named(options.output, "-o"))
    make_folder(folder)
    from ..io.encoders import has_av
    from ..pipelines import demo

    written: list[Path] = []
    for path in demo.write_pictures(folder):
        print(f"completed {path}" if path in written else f"wrote {path}", flush=True)
        written.append(path)
    if options.timing:
        from ..bench import suite

        print()
        print(suite.table_of(demo.measure()))
        print()
    if not has_av():
        print('browsers cannot play these videos; for H.264: pip install "av>=14.2"')
    print(f"open {written[0]}")
    print("next: fastsal image YOUR-PHOTO.jpg -m boolean-map -o overlay.png")
