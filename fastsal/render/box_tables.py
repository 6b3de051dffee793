"""Boxes of images as a JSON or CSV file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from ..errors import FastsalError
from ..io.atomic_write import reason_of, whole_file
from .boxes import Boxes

_FIELDS = {"xywh": ("x", "y", "width", "height"), "xyxy": ("left", "top", "right", "bottom")}


class BoxTable:
    """Collects the boxes of images, and writes them as one file.

    Parameters
    ----------
    path : Path
        Ends in .json or .csv.
    box_format : {"xywh", "xyxy"}
        "xywh" stores the first column and row, width and height. "xyxy" stores the first column
        and row, and those after the last.
    """

    def __init__(self, path: Path, box_format: str) -> None:
        self._path, self._format = path, box_format
        self._rows: list[dict[str, Any]] = []

    def add(self, image: Path, page: int, method: str, boxes: Boxes) -> None:
        """Add the boxes of one image, (N, 4) x, y, w, h, best first."""
        for rank, (x, y, w, h) in enumerate(boxes.tolist(), 1):
            values = (x, y, w, h) if self._format == "xywh" else (x, y, x + w, y + h)
            row = {"image": str(image), "page": page + 1, "method": method, "rank": rank}
            self._rows.append(row | dict(zip(_FIELDS[self._format], values, strict=True)))

    def write(self) -> None:
        """Write the file, which has its name only when it is complete."""
        as_json = self._path.suffix.lower() == ".json"
        text = json.dumps(self._rows, indent=1) + "\n" if as_json else self._csv()
        try:
            with whole_file(self._path) as partial:
                partial.write_bytes(text.encode(errors="surrogateescape"))
        except OSError as error:
            raise FastsalError(f"{self._path}: {reason_of(error)}") from error

    def _csv(self) -> str:
        text = io.StringIO()
        fields = ("image", "page", "method", "rank", *_FIELDS[self._format])
        writer = csv.DictWriter(text, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        return text.getvalue()
