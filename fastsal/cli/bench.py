"""``fastsal bench``: time every method on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ..errors import FastsalError
from ..io.counts import count_of
from .options import Commands, add_command, check_writeable, seconds

_COLUMNS = """\
on         backend: cpu or cuda
thr        threads of the processor
ms         median time per frame, in milliseconds
fps        frames per second
MP/s       megapixels per second
of copy    speed as a fraction of copying the frame and the map in memory
disturbed  fraction of the rounds in which something else slowed the processor"""
_PEERS = "2.00x as fast as NAME: NAME's time over ours, its 95 % interval, and NAME's time"


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "bench", "time every method beside OpenCV and scikit-image", run)
    parser.add_argument(
        "--sizes", default="vga,720p,1080p", metavar="SIZE[,SIZE]",
        help="from 64x64, 320x240, VGA, 720p, 1080p, 4K, 16MP, 8K (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--methods", default="all", metavar="KEY[,KEY]", help="methods (default: all)"
    )
    parser.add_argument(
        "--backends", default="all", metavar="NAME[,NAME]", help="cpu, cuda (default: all)"
    )
    parser.add_argument(
        "--threads", default="all", metavar="N[,N]", help="thread counts (default: all cores)"
    )
    parser.add_argument("--grey", action="store_true", help="time grey frames too")
    parser.add_argument("--peers", action="store_true", help="time OpenCV and scikit-image too")
    parser.add_argument("--seconds", type=seconds, default=1.0, help="time per row (default: 1)")
    parser.add_argument("--json", type=Path, metavar="F", help="write the results")
    parser.add_argument("--plot", type=Path, metavar="F.svg", help="draw them (or .png, .pdf)")
    parser.add_argument(
        "--compare", type=Path, metavar="OLD.json", help="list the changes since these results"
    )
    parser.add_argument(
        "--fail-on", metavar="PERCENT", help="with --compare: exit 1 if a row is slower by more"
    )


def run(options: argparse.Namespace) -> None:
    """Time the methods, print a table, and write, plot or compare the results."""
    from ..bench.compare import read_results, share_of
    from ..io.atomic_write import write_text

    if options.fail_on is not None and options.compare is None:
        raise ValueError("--fail-on needs --compare")
    try:
        tolerance = share_of(options.fail_on or "15%")
    except ValueError as error:
        raise ValueError(f"--fail-on: {error}") from None
    _check_targets(options)
    before = read_results(options.compare) if options.compare else None
    results = _measured(options)
    if options.json:
        write_text(options.json, json.dumps(results, indent=1) + "\n")
    if options.plot:
        from ..bench.plots import write_plots

        write_plots(results, options.plot)
    for path in (options.json, options.plot):
        if path:
            print(f"wrote {path}")
    if before is not None:
        _compare(before, results, tolerance, is_strict=options.fail_on is not None)


def _check_targets(options: argparse.Namespace) -> None:
    for option, target in (("--json", options.json), ("--plot", options.plot)):
        if target is not None:
            check_writeable(target, option)
    if options.plot is not None:
        from ..bench.plots import check_plot

        check_plot(options.plot)


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    from ..bench import machine, suite
    from ..bench.sidebyside import copy_bandwidth
    from ..pipelines.progress import progress_bar

    plan = suite.plan_of(
        options.sizes, options.methods, options.backends, options.threads,
        kinds=("colour", "grey") if options.grey else ("colour",),
        with_peers=options.peers, seconds=options.seconds,
    )  # fmt: skip
    bandwidths = {threads: copy_bandwidth(threads) for threads in plan.threads}
    results: dict[str, Any] = {
        "machine": machine.description(),
        "copy_bandwidth": bandwidths[plan.threads[-1]],
    }
    rows = suite.measure(plan, bandwidths)
    results["rows"] = list(
        progress_bar(rows, desc="measuring", total=len(plan), unit="row", lines=True)
    )
    print(f"copy bandwidth {results['copy_bandwidth'] / 1e9:.1f} GB/s, reads and writes")
    print(suite.table_of(results["rows"]))
    print(f"\n{_COLUMNS}")
    if options.peers:
        print(_PEERS)
    return results


def _compare(
    before: dict[str, Any], now: dict[str, Any], tolerance: float, *, is_strict: bool
) -> None:
    from ..bench.compare import changes, told, warning

    found = changes(before, now)
    if about_machine := warning(before, now, tolerance):
        print(about_machine)
    print(told(found, tolerance))
    if not is_strict:
        return
    certain = [each for each in found if not each.is_disturbed]
    if not certain:
        others = " except disturbed ones" if found else ""
        raise FastsalError(f"--fail-on found no row to compare{others}")
    slower = [each for each in certain if each.slower > tolerance]
    if slower:
        raise FastsalError(
            f"{len(slower)} of {count_of(len(certain), 'row')} slower by {tolerance:.0%}"
        )
