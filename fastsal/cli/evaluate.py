"""``fastsal evaluate``: scores of methods, or of any model's maps, on a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FastsalError
from ..io.counts import count_of
from .messages import say
from .options import Commands, add_command, check_writeable, count, named, number

if TYPE_CHECKING:
    from ..evaluation.api import Plan
    from ..evaluation.result import Evaluation

_OUTPUT = "fastsal-evaluation"
_MOST_FAILURES = 20  # lines on the screen; the JSON file has all


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "evaluate", "score methods, or maps of other models, on a data set", run
    )
    parser.add_argument(
        "dataset", nargs="?", metavar="DATASET",
        help="cat2000, eyetrackuav2, crowdfix, savam, osie, auto, or folder: your own images and "
        "fixations.csv with the columns image, x_px, y_px",
    )  # fmt: skip
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="where its files are")
    parser.add_argument("--split", metavar="NAME", help="a part of the data set, such as train")
    parser.add_argument(
        "--images", metavar="DIR", help="instead of DATASET: images, or folders of frames"
    )
    parser.add_argument("--masks", metavar="DIR", help="with --images: masks of their objects")
    parser.add_argument(
        "-m", "--method", metavar="KEY[,KEY|all]", dest="methods",
        help="methods, with options as in itti-koch:preset=fixation (default: all that fit the "
        "data set, or none with --maps)",
    )  # fmt: skip
    parser.add_argument(
        "--maps", action="append", metavar="DIR",
        help="maps of another model: NAME.png or .npy per image; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--metrics", metavar="NAME[,NAME]",
        help="such as nss,auc (default: those usual for the data set)",
    )  # fmt: skip
    parser.add_argument("--limit", type=count, metavar="N", help="the first N samples only")
    parser.add_argument(
        "--center-bias", type=number, default=0.0, metavar="X",
        help="weight maps towards the centre, 0 to 1 (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", default=_OUTPUT, metavar="DIR",
        help="folder for scores and sheets; scores in it are not computed again "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--csv", type=Path, metavar="F", help="write all scores, a row per sample")
    parser.add_argument("--json", type=Path, metavar="F", help="write means and all scores")
    parser.add_argument("--plot", type=Path, metavar="F.png", help="draw the means (or .svg, .pdf)")
    parser.add_argument(
        "--workers", type=count, metavar="N", help="processes of one thread each (default: cores)"
    )


def run(options: argparse.Namespace) -> int:
    """Score, print the table and write the files; 1 if a sample could not be scored."""
    output = Path(named(options.output, "-o"))
    _check_targets(options)
    from ..evaluation.api import run as evaluate

    plan = _plan(options)
    found = evaluate(plan, output, say=say)
    if any(found.scores.values()):
        print(found.table(), flush=True)
        sheets = _write(found, options, output)
    for line in found.failures[:_MOST_FAILURES]:
        say(f"error: {line}")
    if (more := len(found.failures) - _MOST_FAILURES) > 0:
        say(f"error: {more} more failures; --json lists all")
    if not any(found.scores.values()):
        raise FastsalError("no sample could be scored")
    scored = {sample for rows in found.scores.values() for sample in rows}
    if outside := found.fixations_outside:
        say(f"{count_of(outside, 'fixation')} outside the images dropped")
    print(
        f"wrote scores of {count_of(len(scored), plan.dataset.kind)} and "
        f"{count_of(len(sheets), 'sheet')} to {output}"
    )
    for path in filter(None, (options.csv, options.json, options.plot)):
        print(f"wrote {path}")
    return 1 if found.failures else 0


def _plan(options: argparse.Namespace) -> Plan:
    from ..evaluation.api import plan_of

    methods = options.methods if options.methods is not None else "" if options.maps else "all"
    dataset = _dataset(options)
    return plan_of(
        dataset, methods, metrics=options.metrics, limit=options.limit,
        center_bias=options.center_bias, maps=options.maps, workers=options.workers,
    )  # fmt: skip


def _dataset(options: argparse.Namespace) -> Any:
    from ..datasets import open_dataset, open_masks
    from ..datasets.opening import NAMES

    if (options.images is None) != (options.masks is None):
        raise ValueError("--images and --masks go together")
    if options.images is not None:
        if options.dataset is not None:
            raise ValueError("give either DATASET FOLDER, or --images and --masks")
        return open_masks(named(options.images, "--images"), named(options.masks, "--masks"))
    if options.dataset is None or options.folder is None:
        raise ValueError("DATASET and FOLDER must be given, or --images and --masks")
    if options.dataset not in NAMES:
        raise ValueError(f"DATASET must be {', '.join(NAMES)}; got {options.dataset!r}")
    folder = named(options.folder, "FOLDER")
    return open_dataset(options.dataset, folder, split=options.split)


def _check_targets(options: argparse.Namespace) -> None:
    for option, target in (("--csv", options.csv), ("--json", options.json)):
        if target is not None:
            check_writeable(target, option)
    if options.plot is not None:
        check_writeable(options.plot, "--plot")
        from ..bench.plots import check_plot

        check_plot(options.plot)


def _write(found: Evaluation, options: argparse.Namespace, output: Path) -> list[Path]:
    if options.csv:
        found.write_csv(options.csv)
    if options.json:
        found.write_json(options.json)
    if options.plot:
        found.write_plot(options.plot)
    return found.write_sheets(output)
