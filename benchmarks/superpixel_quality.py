"""``python -m benchmarks.superpixel_quality FOLDER``: how well superpixels follow object masks.

`FOLDER` has ``pascal_s`` (images and masks) and ``davis`` (sequences of frames and masks). The
scores are boundary recall within 2 pixels, undersegmentation error and achievable segmentation
accuracy. Exact and fast `slic` are compared, and fast-slic if it is installed. The fraction of
pixels on a boundary is printed too, since more boundaries raise boundary recall.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import fastsal

SIZES = (10, 20)
EVERY = 10  # frames of a sequence
NAMES = ("boundary recall", "undersegmentation", "accuracy", "boundary pixels")

Image = NDArray[np.uint8]
Labels = NDArray[np.int32]


def pairs(folder: Path) -> Iterator[tuple[str, Image, NDArray[np.bool_]]]:
    """Yield the name of the set, an RGB image and its mask."""
    for path in sorted((folder / "pascal_s" / "images").iterdir()):
        yield _pair("pascal_s", path, folder / "pascal_s" / "masks" / f"{path.stem}.png")
    for sequence in sorted((folder / "davis").iterdir()):
        for path in sorted((sequence / "frames").iterdir())[::EVERY]:
            yield _pair("davis", path, sequence / "masks" / f"{path.stem}.png")


def scores(labels: Labels, mask: NDArray[np.bool_]) -> list[float]:
    """Return the scores of one segmentation, in the order of `NAMES`."""
    edges, truth = boundaries(labels), boundaries(mask)
    near = cv2.dilate(edges.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    area = np.bincount(labels.ravel())
    inside = np.bincount(labels.ravel(), mask.ravel(), len(area))
    return [
        float((truth & near).sum() / max(1, truth.sum())),
        float(2 * np.minimum(inside, area - inside).sum() / mask.size),
        float(np.maximum(inside, area - inside).sum() / mask.size),
        float(edges.mean()),
    ]


def boundaries(labels: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return the pixels with another label on their left or above them."""
    found = np.zeros(labels.shape, bool)
    found[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    found[1:] |= labels[1:] != labels[:-1]
    return found


def segmenters(size: int) -> dict[str, Callable[[Image], Labels]]:
    """Return the segmentations to compare at one region size."""
    found: dict[str, Callable[[Image], Labels]] = {
        f"{mode}, regularizer {regularizer:g}": _ours(size, mode, regularizer)
        for regularizer in (1.0, 0.1)
        for mode in ("exact", "fast")
    }
    try:
        from fast_slic.avx2 import SlicAvx2
    except ImportError:
        return found

    def peer(compactness: int) -> Callable[[Image], Labels]:
        def run(image: Image) -> Labels:
            count = -(-image.shape[0] // size) * -(-image.shape[1] // size)
            labels = SlicAvx2(num_components=count, compactness=compactness).iterate(image)
            return np.asarray(labels).astype(np.int32) + 1  # -1 is no region

        return run

    return found | {f"fast-slic, compactness {each}": peer(each) for each in (10, 20, 40)}


def _ours(size: int, mode: str, regularizer: float) -> Callable[[Image], Labels]:
    return lambda image: fastsal.slic(
        image, region_size=size, regularizer=regularizer, mode=mode
    )  # fmt: skip


def _pair(name: str, path: Path, mask: Path) -> tuple[str, Image, NDArray[np.bool_]]:
    image, truth = cv2.imread(str(path)), cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    if image is None or truth is None:
        raise OSError(f"cannot read {path} or {mask}")
    return name, np.ascontiguousarray(image[..., ::-1]), truth >= 128


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    found: dict[tuple[str, int, str], list[list[float]]] = {}
    for name, image, mask in tqdm([*pairs(parser.parse_args().folder)], unit="image"):
        for size in SIZES:
            for title, segment in segmenters(size).items():
                found.setdefault((name, size, title), []).append(scores(segment(image), mask))
    print(f"| set | region size | segmentation | {' | '.join(NAMES)} |")
    print("|---|--:|---|" + "--:|" * len(NAMES))
    for (name, size, title), rows in found.items():
        cells = " | ".join(f"{mean:.4f}" for mean in np.mean(rows, axis=0))
        print(f"| {name} | {size} | {title} | {cells} |")


if __name__ == "__main__":
    main()
