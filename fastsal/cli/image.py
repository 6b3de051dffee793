"""``fastsal image``: saliency maps of image files."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import ImageError
from ..registry import BUILT_IN, DEFAULT, METHODS
from .batches import FileGuard
from .clusters import images as run_on_cluster
from .messages import say
from .options import (
    CLUSTER_ONLY,
    GRID,
    VIEWS,
    Commands,
    add_background,
    add_cluster,
    add_command,
    add_look,
    add_option,
    check_apart,
    check_files,
    check_inputs_stay,
    check_regular_targets,
    check_writeable,
    colormap_of,
    count,
    keys_of,
    look_of,
    method_options,
    named,
    refuse,
    targets_of,
)

if TYPE_CHECKING:
    from ..io.pictures import ImageFile
    from ..render.box_tables import BoxTable
    from ..render.image_views import ImageLook
    from ..stream import Stream

BOX_FORMATS = ("xywh", "xyxy")
BOX_SUFFIXES = (".json", ".csv")
_MOST_FOCI = 1000  # more circles cover the picture


class _Picture(NamedTuple):
    """One picture of a file."""

    path: Path
    page: int  # from 0
    name: str  # of its maps, without the method


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "image", "compute saliency maps of image files", run)
    parser.add_argument("images", nargs="+", metavar="IN", help="files, folders or globs")
    parser.add_argument(
        "-m", "--method", default=DEFAULT, metavar="KEY[,KEY|all]",
        help=f"one or more of {', '.join(BUILT_IN)}, or all static ones (default: {DEFAULT}); "
        "motion methods take the images as the frames of a video",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="OUT",
        help="a file for one map (png, jpg, npy, ...), else a folder for IN-KEY.png "
        "(default: beside the files)",
    )  # fmt: skip
    parser.add_argument(
        "--pages", action="store_true",
        help="read every page of a TIFF and every frame of an animation, for IN-PAGE-KEY.png",
    )  # fmt: skip
    add_background(parser)
    parser.add_argument(
        "--scanpath", type=_foci, metavar="N",
        help=f"draw the first N fixations of the scanpath, numbered; at most {_MOST_FOCI}",
    )  # fmt: skip
    parser.add_argument(
        "--boxes", nargs="?", const=True, type=_box_file, metavar="F.json|F.csv",
        help="draw the best boxes: the proposals of bing, otherwise boxes around salient regions; "
        "with a file name, also store them there",
    )  # fmt: skip
    parser.add_argument(
        "--box-format", choices=BOX_FORMATS, metavar="xywh|xyxy",
        help="store width and height, or the corner after the last pixel (default: xywh)",
    )  # fmt: skip
    add_option(parser)
    add_look(parser, (*VIEWS, GRID))
    add_cluster(parser)


def _foci(text: str) -> int:
    """Return how many places of a scan path to draw."""
    number = count(text)
    if number > _MOST_FOCI:
        raise argparse.ArgumentTypeError(
            f"must be an integer from 1 to {_MOST_FOCI}; got {number}; "
            "`fastsal.scanpath` computes longer paths"
        )
    return number


def _box_file(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in BOX_SUFFIXES:
        raise argparse.ArgumentTypeError(
            f"must be a file name that ends in .json or .csv; got {text!r}; name images before it"
        )
    return path


def run(options: argparse.Namespace) -> int:
    """Write a map, or its picture, per image and method; 1 if there were images with none."""
    keys = keys_of(options.method, ("static",))
    if networks := [key for key in keys if METHODS[key].kind == "network"]:
        raise ValueError(f"--method must be a method for images; got {networks[0]}, for videos")
    chosen = {"backend": options.backend, **method_options(options, keys)}
    view, alpha = look_of(options)

    from ..io.pictures import ImageFile, find_images
    from ..io.pixels import parse_color
    from ..pipelines.progress import progress_bar
    from ..render.views import check_look
    from ..stream import Stream

    if view == GRID:
        refuse(options, ("scanpath", "boxes"), "with --view grid")
    check_look("overlay" if view == GRID else view, alpha)
    parse_color(options.background)
    if options.cluster is not None:
        return run_on_cluster(options, keys, _look(options), chosen)
    refuse(options, CLUSTER_ONLY, "without --cluster")
    output = None if options.output is None else named(options.output, "-o")
    streams = {key: Stream(key, **chosen) for key in keys}
    paths = find_images([named(each, "IN") for each in options.images])
    pictures = _pictures(paths, options.pages)
    _check_counts(keys, len(pictures))
    names = [GRID] if view == GRID else keys
    targets = _targets(pictures, names, output, options.images)
    _check_drawable(targets, options)
    found = _box_table(options, paths, list(targets.values()))
    look = _look(options, targets.values())
    guard = FileGuard(prints_at_once=False)
    written: list[Path] = []
    notes: list[str] = []
    several = len(pictures) > 1
    file: ImageFile | None = None
    bar = progress_bar(pictures, desc="images", unit="image") if several else pictures
    for picture in bar:
        with guard.file(picture.path):
            if picture.page == 0 or file is None:
                file = None  # frees it before the next is read
                file = ImageFile(picture.path)
            written += _maps_of(picture, file, streams, targets, look, found)
            if not options.pages and file.pages > 1:
                notes.append(
                    f"{picture.path}: read the first of {file.pages} pictures; --pages reads all"
                )
    if found is not None and written:
        found.write()
    if written:
        print(f"wrote {_named(written)}" + (f" and {options.boxes}" if found else ""))
    for note in notes:
        say(note)
    guard.print_failures()
    return guard.status


def _pictures(paths: list[Path], has_pages: bool) -> list[_Picture]:
    """Return the pictures to read: the first of each file, or all of them."""
    if not has_pages:
        return [_Picture(path, 0, path.stem) for path in paths]
    return [each for path in paths for each in _pages(path)]


def _pages(path: Path) -> list[_Picture]:
    from ..io.pictures import ImageFile

    try:
        pages = ImageFile(path).pages
    except ImageError:
        pages = 1  # reading it gives the error its place among those of the other files
    if pages == 1:
        return [_Picture(path, 0, path.stem)]
    digits = len(str(pages))
    return [_Picture(path, i, f"{path.stem}-{i + 1:0{digits}}") for i in range(pages)]


def _maps_of(
    picture: _Picture,
    file: ImageFile,
    streams: dict[str, Stream],
    targets: dict[tuple[_Picture, str], Path],
    look: ImageLook,
    found: BoxTable | None,
) -> list[Path]:
    """Write the maps of one image, and return their names."""
    from ..io.pictures import write_image

    frame = file.read(background=look.background, page=picture.page)
    written = []
    for name, boxes, shown in look.pictures(frame, streams):
        if found is not None:
            found.add(picture.path, picture.page, name, boxes)
        write_image(targets[picture, name], shown)
        written.append(targets[picture, name])
    return written


def _check_counts(keys: list[str], images: int) -> None:
    motion = [key for key in keys if METHODS[key].kind == "motion"]
    if motion and images < 2:
        raise ImageError(f"{motion[0]} compares frames and needs at least two images; got {images}")


def _check_drawable(targets: dict[tuple[_Picture, str], Path], options: argparse.Namespace) -> None:
    for target in targets.values():
        if target.suffix.lower() == ".npy":  # which holds the map, however it is to look
            shown = ("view",) if options.view != "map" else ()
            refuse(
                options,
                (
                    "scanpath",
                    *(("boxes",) if options.boxes is True else ()),
                    "alpha",
                    "colormap",
                    *shown,
                ),
                f"on {target}, which stores the values",
            )


def _targets(
    pictures: list[_Picture], keys: list[str], output: str | None, inputs: list[str]
) -> dict[tuple[_Picture, str], Path]:
    """Return a file name per image and method, all different, in a folder that exists."""
    from ..io.pictures import check_suffix

    jobs = [(picture, key) for picture in pictures for key in keys]
    sources = [picture.path for picture, _ in jobs]
    names = [f"{picture.name}-{key}.png" for picture, key in jobs]
    if output is None:
        check_files(inputs)
        targets = [source.parent / name for source, name in zip(sources, names, strict=True)]
        check_apart(sources, targets)
        check_inputs_stay(sources, targets)
        check_regular_targets(targets)
    else:
        targets = targets_of(output, sources, names, "maps", check_suffix)
    return dict(zip(jobs, targets, strict=True))


def _box_table(
    options: argparse.Namespace, inputs: list[Path], targets: list[Path]
) -> BoxTable | None:
    """Return the table of boxes to store, after a check that its file can be written, or None."""
    if not isinstance(options.boxes, Path):
        refuse(options, ("box_format",), "without a file name for --boxes")
        return None
    from ..render.box_tables import BoxTable

    check_writeable(options.boxes, "--boxes")
    taken = {path.resolve() for path in (*inputs, *targets)}
    if options.boxes.resolve() in taken:
        raise ImageError(f"{options.boxes}: is an input or a map; choose another name")
    return BoxTable(options.boxes, options.box_format or BOX_FORMATS[0])


def _look(options: argparse.Namespace, targets: Iterable[Path] = ()) -> ImageLook:
    """Return how maps are shown; a .npy file holds the values."""
    from ..render.image_views import ImageLook

    view, alpha = look_of(options)
    has_values = any(target.suffix.lower() == ".npy" for target in targets)
    return ImageLook(
        view, alpha, options.background, options.scanpath or 0, bool(options.boxes), has_values,
        colormap_of(options),
    )  # fmt: skip


def _named(targets: list[Path]) -> str:
    return str(targets[0]) if len(targets) == 1 else f"{len(targets)} maps to {targets[0].parent}"
