"""Open a data set by name, or recognise it."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

from .. import validation
from ..errors import DatasetError
from .dataset import Dataset
from .layouts import cat2000, crowdfix, eyetrackuav2, folder, osie, savam

# The order in which "auto" asks; the plain folder is last, since others may hold such a file too.
_LAYOUTS: dict[str, ModuleType] = {
    "cat2000": cat2000,
    "eyetrackuav2": eyetrackuav2,
    "crowdfix": crowdfix,
    "savam": savam,
    "osie": osie,
    "folder": folder,
}
NAMES = (*_LAYOUTS, "auto")


def open_dataset(name: str, folder: str | os.PathLike[str], *, split: str | None = None) -> Dataset:
    r"""Open a data set of eye movements. Nothing is downloaded, and files are read when needed.

    Parameters
    ----------
    name : {"cat2000", "eyetrackuav2", "crowdfix", "savam", "osie", "folder", "auto"}
        The data set. "folder" is any folder with images and a file ``fixations.csv``. Its columns
        are image, x_px and y_px; subject, start_ms and duration_ms are optional. "auto" recognises
        the layout of the folder.
    folder : str or path
        Where the authors' files are, unpacked.
    split : str, optional
        "train" (default) or "test" of "cat2000". The test set has no fixations. "fv" (free
        viewing, default) or "task" of "eyetrackuav2". Other sets have no parts.

    Returns
    -------
    Dataset
        A sequence of samples.

    Raises
    ------
    DatasetError
        The folder is missing, or its files have another layout. The message says where to get
        the data set and which files go where.
    ValueError
        `name` or `split` is unknown.

    Notes
    -----
    * "cat2000" takes fixated pixels from FIXATIONLOCS, without observers and durations.
    * "crowdfix" has pixels fixated during each frame, without observers.
    * "savam" and "eyetrackuav2" are recordings; `fixations_from_gaze` finds their fixations. The
      screen of "savam" is not published with the files: one of 24 inches at 60 cm is assumed.
      For "eyetrackuav2", a distance of 1 m is assumed, and a video shown in its own size in the
      middle of the screen of 1920 x 1080.

    Examples
    --------
    >>> import numpy as np
    >>> from PIL import Image
    >>> from fastsal.datasets import open_dataset
    >>> Image.fromarray(np.zeros((60, 80, 3), np.uint8)).save("a.png")
    >>> with open("fixations.csv", "w") as file:
    ...     _ = file.write("image,x_px,y_px\na.png,40.5,30\n")
    >>> data = open_dataset("folder", ".")
    >>> len(data), data[0].name, data[0].size, data[0].fixations
    (1, 'a', (60, 80), array([[30. , 40.5]]))
    """
    validation.choice("name", name, NAMES)
    path = Path(folder)
    if not path.is_dir():
        is_file = "a file" if path.exists() else "missing"
        raise DatasetError(f"{path}: must be a folder; it is {is_file}.{_help(name)}")
    if name == "auto":
        name = _recognised(path)
    layout = _LAYOUTS[name]
    splits: tuple[str, ...] = getattr(layout, "SPLITS", ())
    if split is not None and split not in splits:
        there = f"{validation.listed(splits)} or None" if splits else "None"
        raise ValueError(f"`split` must be {there} for {name!r}; got {validation.shown(split)}")
    try:
        found: Dataset = layout.read(path, split)
    except DatasetError as error:
        if layout.find(path):  # a file is at fault, not the folder
            raise
        raise DatasetError(f"{error}.{_help(name)}") from error
    return found


def _recognised(path: Path) -> str:
    for name, layout in _LAYOUTS.items():
        if layout.find(path):
            return name
    raise DatasetError(
        f"{path}: not the layout of any known data set ({', '.join(_LAYOUTS)}).{_help('folder')}"
    )


def _help(name: str) -> str:
    """Return where a data set comes from, and the files that its folder must hold."""
    if name == "auto":
        return " Nothing is downloaded: unpack the data set there"
    layout = _LAYOUTS[name]
    rows = (line.split("  ", 1) for line in layout.EXPECTED.splitlines())
    files = "; ".join(" - ".join(cell.strip() for cell in row) for row in rows)
    source = f"get {name} from {layout.SOURCE}, and put" if layout.SOURCE else "put"
    return f" Nothing is downloaded: {source} these files there: {files}"
