"""The box proposals of ``cv2.saliency``."""

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
    """BING box proposals, equal to OpenCV's (see `fastsal.bing`, which merges and scores boxes).

    Boxes are int32: first column, first row, last column, last row, counted from 1. One colour
    space follows the other. The shape is (N, 4) with OpenCV 5 and (N, 1, 4) with OpenCV 4.

    The default model comes with fastsal; `setTrainingPath` selects another one. A model is read
    once. Nothing is printed. Files are written only after `setBBResDir`.

    Parameters
    ----------
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import opencv
    >>> image = np.zeros((128, 128, 3), np.uint8)
    >>> image[32:96, 40:104] = 200
    >>> found, boxes = opencv.ObjectnessBING_create().computeSaliency(image)
    >>> boxes.shape[-1]
    4
    """

    def __init__(self, *, backend: runtime.Choice = "auto") -> None:
        super().__init__(backend=backend)
        self._base, self._nss, self._window = _BASE, 2, _WINDOW
        self._model: str | None = None
        self._results: str | None = None
        self._values: NDArray[np.float32] | None = None

    def getBase(self) -> float:
        """Return the ratio of consecutive window sizes."""
        return self._base

    def setBase(self, val: float) -> None:
        """Set the ratio of consecutive window sizes; the only supported value is 2."""
        self._base = validation.number("val", val, 0)

    def getNSS(self) -> int:
        """Return the radius of non-maximum suppression, in windows."""
        return self._nss

    def setNSS(self, val: int) -> None:
        """Set the radius of non-maximum suppression, in windows."""
        self._nss = validation.integer("val", operator.index(val), 0)

    def getW(self) -> int:
        """Return the side of the filter, in gradients."""
        return self._window

    def setW(self, val: int) -> None:
        """Set the side of the filter, in gradients; the only supported value is 8."""
        self._window = operator.index(val)

    def setTrainingPath(self, trainingPath: str | os.PathLike[str]) -> None:
        """Set the folder of the model, such as OpenCV's ``samples/ObjectnessTrainedModel``."""
        self._model = os.fspath(trainingPath)

    def setBBResDir(self, resultsDir: str | os.PathLike[str]) -> None:
        """Set the output folder; boxes are written to ``BBoxesB2W8I/bb.txt`` in it."""
        self._results = os.fspath(resultsDir)

    def getobjectnessValues(self) -> Any:
        """Return one value per box of the last image, as OpenCV does.

        The values are counters, not scores: 300, 301, ... in the first colour space, then steps of
        3 and of 5. Larger values mean worse boxes. `fastsal.bing` returns scores.
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
        raise ModelError(f"the BING model file {path} {found}; use setBase(2) and setW(8)")

    def _write(self, boxes: NDArray[np.int32]) -> None:
        folder = Path(self._results or "", f"BBoxesB{self._base:g}W{self._window}I")
        folder.mkdir(parents=True, exist_ok=True)
        lines = [" ".join(map(str, box)) for box in boxes.tolist()]
        (folder / "bb.txt").write_text("\n".join([str(len(boxes)), *lines, ""]))


def _counters(counts: list[int]) -> NDArray[np.float32]:
    """Return OpenCV's values for the given numbers of boxes of each colour space."""
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
