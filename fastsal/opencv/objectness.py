"""``cv2.saliency``'s proposals of boxes."""

from __future__ import annotations

import operator
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import runtime, validation
from ..algorithms.bing import SPACES, ranked_boxes
from ..errors import ModelError
from .arrays import delivered, plain_image, version
from .kinds import Objectness

_BASE, _WINDOW = 2.0, 8


class ObjectnessBING(Objectness):
    """BING, box for box OpenCV's: see `fastsal.bing`, which merges the boxes and has real scores.

    Boxes are (first column, first row, last column, last row), counted from 1, those of one colour
    space after those of the other: int32, (N, 4) where OpenCV 5 is installed, (N, 1, 4) where it
    is OpenCV 4. Without `setTrainingPath` the model is the one that comes with fastsal. A model is
    read once, nothing is printed, and nothing is written unless `setBBResDir` was called.

    Parameters
    ----------
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.
    """

    def __init__(self, *, backend: runtime.Choice = "auto") -> None:
        super().__init__(backend=backend)
        self._base, self._nss, self._window = _BASE, 2, _WINDOW
        self._model: str | None = None
        self._results: str | None = None
        self._values: NDArray[np.float32] | None = None

    def getBase(self) -> float:
        """Return the factor from one window size to the next."""
        return self._base

    def setBase(self, val: float) -> None:
        """Set the factor from one window size to the next, for which there must be a model."""
        self._base = validation.number("val", val, 0)

    def getNSS(self) -> int:
        """Return how many windows around a chosen one are blocked in each direction."""
        return self._nss

    def setNSS(self, val: int) -> None:
        """Set how many windows around a chosen one are blocked in each direction."""
        self._nss = validation.integer("val", operator.index(val), 0)

    def getW(self) -> int:
        """Return the side of the filter."""
        return self._window

    def setW(self, val: int) -> None:
        """Set the side of the filter, for which there must be a model."""
        self._window = operator.index(val)

    def setTrainingPath(self, trainingPath: str | os.PathLike[str]) -> None:
        """Set the folder of the model, OpenCV's ``samples/ObjectnessTrainedModel`` say."""
        self._model = os.fspath(trainingPath)

    def setBBResDir(self, resultsDir: str | os.PathLike[str]) -> None:
        """Set a folder to write the boxes to, as ``BBoxesB2W8I/bb.txt`` in it."""
        self._results = os.fspath(resultsDir)

    def getobjectnessValues(self) -> Any:
        """Return a number per box of the last image: OpenCV's, which only count.

        They grow as boxes get worse: 300, 301, ... within the first colour space, then by threes,
        then by fives. `fastsal.bing` returns scores.
        """
        return () if self._values is None or not self._values.size else self._values.copy()

    def _result(self, image: Any, out: Any) -> Any:
        self._check_form()
        ranked = ranked_boxes(
            plain_image(image), training_path=self._model, nss=self._nss, color_spaces=SPACES,
            color="bgr", backend=self._backend,
        )  # fmt: skip
        boxes = np.concatenate([each.boxes for each in ranked])
        boxes[:, 2:] += boxes[:, :2]
        boxes[:, :2] += 1
        self._values = _counters([len(each.boxes) for each in ranked])
        if self._results is not None:
            self._write(boxes)
        return _shaped(boxes, image, out)

    def _check_form(self) -> None:
        """Raise ModelError for a form of model that is not there, or that is not BING's."""
        if (self._base, self._window) == (_BASE, _WINDOW):
            return
        name = f"ObjNessB{self._base:g}W{self._window}MAXBGR.wS1.yml.gz"
        path = Path(self._model or "", name)
        found = "is not supported" if path.exists() else "is missing"
        raise ModelError(
            f"BING's model file {path} {found}: there are models of base 2 and W 8 only"
        )

    def _write(self, boxes: NDArray[np.int32]) -> None:
        folder = Path(self._results or "", f"BBoxesB{self._base:g}W{self._window}I")
        folder.mkdir(parents=True, exist_ok=True)
        lines = [" ".join(map(str, box)) for box in boxes.tolist()]
        (folder / "bb.txt").write_text("\n".join([str(len(boxes)), *lines, ""]))


def _counters(counts: list[int]) -> NDArray[np.float32]:
    """Return OpenCV's values of so many boxes of each colour space."""
    steps = zip((1, 3, 5), counts, strict=True)
    values = [step * np.arange(300, 300 + count) for step, count in steps]
    return np.concatenate(values).astype(np.float32)


def _shaped(boxes: NDArray[np.int32], image: Any, out: Any) -> Any:
    """Return boxes as the installed OpenCV shapes them; for none OpenCV before 5.1 has None."""
    if not len(boxes) and version() < (5, 1):
        return None
    boxes = boxes if version() >= (5, 0) else boxes[:, None]

    def copied(target: Any) -> Any:
        if target is None:
            return boxes
        target[...] = boxes
        return target

    return delivered(copied, boxes.shape, np.int32, image, out)
