"""``fastsal methods``: the methods with speed and accuracy, or the options of one of them."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..registry import METHODS, Method, method_of
from .options import Commands, add_command

FIGURES = "figures.json"  # recorded results, which `python -m benchmarks.tables` writes
_HEAD = ("key", "kind", "ms", "4K fps", "NSS", "max F", "computes")
_LEGEND = (
    "ms: median time of a 1080p colour frame on 2 threads. 4K fps: frames per second.\n"
    "NSS: agreement with human fixations (0 is chance). max F: maximum F-measure of object masks.\n"
    "`fastsal methods KEY` lists the options of a method."
)


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "methods", "list methods with speed and accuracy, or the options of one", run
    )
    parser.add_argument("key", nargs="?", metavar="KEY", help="show this method and its options")


def run(options: argparse.Namespace) -> None:
    """Print the table of all methods, or one method."""
    figures = json.loads(Path(__file__).with_name(FIGURES).read_text())
    if options.key is None:
        rows = [_HEAD, *(_row(method, figures.get(key, {})) for key, method in METHODS.items())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(map(str.ljust, row, widths)).rstrip())
        print(f"\n{_LEGEND}")
        return
    method = method_of(options.key)
    for line in _described(method, figures.get(method.key, {})):
        print(line)


def _row(method: Method, figures: dict[str, float]) -> tuple[str, ...]:
    found = [_shown(name, figures[name]) if name in figures else "" for name in _HEAD[2:6]]
    return (method.key, method.kind, *found, method.summary)


def _shown(name: str, value: float) -> str:
    return {"ms": f"{value:.3g}", "4K fps": f"{value:,.0f}"}.get(name, f"{value:.2f}")


def _described(method: Method, figures: dict[str, float]) -> Iterator[str]:
    """Yield the lines about one method: its facts, then its options."""
    yield f"{method.key}: {method.title} ({method.paper})"
    yield f"{method.summary}; in Python: {_python_name(method)}"
    if figures:
        yield ", ".join(f"{name} {_shown(name, value)}" for name, value in figures.items())
    if method.learns:
        yield (
            f"It learns from the first {method.learns} frames; `fastsal video --skip-learning` "
            "leaves them out."
        )
    options = method.options()
    yield "options (--option NAME=VALUE):" if options else "no options"
    names = [name for name in (method.state, method.function) if name]
    texts = {k: v for name in names for k, v in parameter_texts(method.load(name)).items()}
    for name, default in options.items():
        yield f"  {name}={default}"
        yield textwrap.fill(
            texts.get(name, ""), 88, initial_indent=" " * 6, subsequent_indent=" " * 6
        )


def _python_name(method: Method) -> str:
    module = "fastsal.neural" if method.kind == "network" else "fastsal"
    return f"{module}.{method.function}"


def parameter_texts(function: Any) -> dict[str, str]:
    """Return the text of each parameter in a numpydoc docstring, as one line."""
    text = inspect.cleandoc(function.__doc__ or "")
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}$|\Z)", text, re.M | re.S)
    found: dict[str, str] = {}
    for entry in re.split(r"^(?=\S)", section[1] if section else "", flags=re.M):
        head, _, body = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        for name in names.split(", "):
            found[name] = ". ".join(" ".join(text.split()) for text in (kind, body) if text)
    return found
