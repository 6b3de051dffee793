"""``fastsal explain``: which pixels decide a neural network's class, as pictures."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from .. import validation
from .batches import FileGuard
from .options import (
    Commands,
    add_command,
    count,
    named,
    size_of,
    targets_of,
)

# Literals, as in `options`: the parser must not load OpenCV.
METHODS = (
    "gradient", "smooth-grad", "integrated-gradients", "grad-cam", "xrai", "blur-ig", "guided-ig",
    "occlusion",
)  # fmt: skip
_DEFAULT = "integrated-gradients,xrai"
_MEAN, _STD = "0.485,0.456,0.406", "0.229,0.224,0.225"  # of ImageNet
_SIZE = "224x224"


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "explain", "show the pixels that decide a neural network's class", run
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files, folders or globs")
    parser.add_argument(
        "--model", required=True, metavar="MODEL",
        help="a TorchScript file (.pt), a file of torch.export (.pt2), or module:factory, a "
        "function that returns a torch.nn.Module; files are never unpickled",
    )  # fmt: skip
    parser.add_argument(
        "-m", "--method", default=_DEFAULT, metavar="NAME[,NAME|all]",
        help=f"one or more of {', '.join(METHODS)} (default: {_DEFAULT})",
    )  # fmt: skip
    parser.add_argument(
        "--layer", metavar="NAME", help="for grad-cam (default: the last convolution)"
    )
    parser.add_argument(
        "--target", type=_class, metavar="N", help="class to explain (default: the best)"
    )
    parser.add_argument("--labels", metavar="FILE", help="names of the classes, one per line")
    parser.add_argument(
        "--size", type=size_of, default=_SIZE, metavar="WxH",
        help="input size of the network; the centre of the image is used (default: %(default)s)",
    )  # fmt: skip
    for name, default in (("mean", _MEAN), ("std", _STD)):
        parser.add_argument(
            f"--{name}", type=_colors, default=default, metavar="R,G,B",
            help="the network gets (RGB in [0, 1] - mean) / std (default: %(default)s)",
        )  # fmt: skip
    parser.add_argument(
        "--steps", type=count, default=50, metavar="N",
        help="gradients per path, for the methods that integrate (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT",
        help="a file for one image (png, jpg, ...), else a folder for IN-explained.png",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Write a picture per image; return 1 if there were images with none."""
    methods = _methods(options.method)
    if min(options.std) <= 0:
        raise ValueError("--std: must be above 0")
    output = named(options.output, "-o")
    from ..explain.models import INSTALL
    from ..runtime import pytorch

    pytorch(INSTALL)
    from ..io.pictures import find_images, read_image, write_image
    from ..pipelines import explanations
    from ..pipelines.progress import progress_bar

    paths = find_images([named(each, "IMAGE") for each in options.images])
    targets = _targets(paths, output)
    labels = explanations.read_labels(options.labels) if options.labels else []
    network = explanations.load_network(named(options.model, "--model"))
    settings = explanations.Options(
        methods, options.size, options.mean, options.std, options.target, options.layer,
        options.steps, labels,
    )  # fmt: skip
    guard = FileGuard(prints_at_once=False)
    lines = []
    pairs = list(zip(paths, targets, strict=True))
    bar = progress_bar(pairs, desc="images", unit="image") if len(pairs) > 1 else pairs
    for path, target in bar:
        with guard.file(path):
            found = explanations.explain_picture(read_image(path), network, settings)
            write_image(target, found.picture)
            lines.append(f"{path}: {found.title}; wrote {target}")
    for line in lines:
        print(line)
    guard.print_failures()
    return guard.status


def _targets(paths: list[Path], output: str) -> list[Path]:
    names = [f"{path.stem}-explained.png" for path in paths]
    return targets_of(output, paths, names, "images", _check_suffix)


def _check_suffix(target: Path) -> None:
    from ..io.pictures import check_suffix

    check_suffix(target)
    if target.suffix.lower() == ".npy":
        raise ValueError(f"{target}: must be a picture; .npy holds an array")


def _methods(text: str) -> tuple[str, ...]:
    if text == "all":
        return METHODS
    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        validation.choice("method", name, METHODS)
    return names


def _class(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a class index of at least 0; got {text!r}")
    return int(text)


def _colors(text: str) -> tuple[float, ...]:
    """Return three numbers, or one for all channels."""
    try:
        values = [float(each) for each in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in (1, 3) or not all(map(math.isfinite, values)):
        raise argparse.ArgumentTypeError(f"must be R,G,B, for example 0.5,0.5,0.5; got {text!r}")
    return tuple(values * 3)[:3]
