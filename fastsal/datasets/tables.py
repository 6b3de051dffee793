"""Text tables, MATLAB files and one spreadsheet; errors name the missing field."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError

Values = NDArray[np.float64]

_HDF5 = b"\x89HDF"
_MATLAB_HEADER = 512  # bytes before the HDF5 signature of a file of version 7.3


def read_text(path: Path) -> str:
    """Return a file's text without a byte order mark.

    Raises
    ------
    DatasetError
        If it is missing, unreadable or empty.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: must be text in UTF-8; byte {error.start} is not") from error
    except OSError as error:
        raise unreadable(path, error) from error
    if not text.strip():
        raise DatasetError(f"{path}: the file is empty")
    return text


def unreadable(path: Path, error: OSError) -> DatasetError:
    """Return the error that names a file and the operating system's reason."""
    return DatasetError(f"{path}: {(error.strerror or str(error)).lower()}")


def read_table(path: Path, required: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file with a header; blank lines are skipped.

    Raises
    ------
    DatasetError
        If a required column is missing, or a row is too short for one.
    """
    lines = csv.reader(io.StringIO(read_text(path), newline=""))
    header: list[str] | None = None
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
            if missing := [name for name in required if name not in header]:
                raise DatasetError(
                    f"{path}: there must be a column {missing[0]!r}; "
                    f"the columns are {', '.join(header)}"
                )
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if missing := [name for name in required if not row.get(name)]:
            raise DatasetError(
                f"{path}: line {lines.line_num} must have a value in the column {missing[0]!r}"
            )
        row["line"] = str(lines.line_num)
        yield row


def number_in(path: Path, row: dict[str, str], column: str) -> float:
    """Return a cell as a number; an empty or missing cell is NaN."""
    text = row.get(column, "")
    try:
        return float(text) if text else np.nan
    except ValueError:
        raise DatasetError(
            f"{path}: line {row['line']}: {column!r} must be a number; got {text!r}"
        ) from None


def read_numbers(path: Path, columns: str, count: int, delimiter: str | None = None) -> Values:
    """Return the numbers of a text file without a header, ``(n, count)``.

    Parameters
    ----------
    path : Path
    columns : str
        The meaning of the columns, for error messages.
    count : int
        How many columns there must be.
    delimiter : str, optional
        Between the columns; white space by default. Cells that are no numbers are NaN.
    """
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        found = len(line.split(delimiter))
        if found != count:
            raise DatasetError(
                f"{path}: row {number} must have {count} columns ({columns}); it has {found}"
            )
    try:
        values = np.loadtxt(lines, delimiter=delimiter, ndmin=2)
    except ValueError:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = np.genfromtxt(lines, delimiter=delimiter).reshape(len(lines), count)
    if not np.isfinite(values).any():
        raise DatasetError(
            f"{path}: there must be {count} columns of numbers ({columns}); got none"
        )
    return values


def read_mat(path: Path, variable: str, meaning: str) -> Any:
    """Return one variable of a MATLAB file of version 4 to 7, or 7.3.

    Structures and cells become dicts and lists or arrays. A matrix of version 7.3 is transposed
    to MATLAB's order of rows and columns.

    Raises
    ------
    DatasetError
        If it cannot be read, or has no such variable.
    """
    data = _head_of(path)
    if data[:4] == _HDF5 or data[_MATLAB_HEADER:][:4] == _HDF5:
        return _read_mat73(path, variable, meaning)
    from scipy.io import loadmat

    try:
        found = loadmat(path, simplify_cells=True)
    # A damaged file raises almost anything: zlib's errors, TypeError and IndexError among them.
    except Exception as error:
        raise DatasetError(f"{path}: not a MATLAB file, or damaged") from error
    names = [name for name in found if not name.startswith("__")]
    if variable not in names:
        raise _no_variable(path, variable, meaning, names)
    return found[variable]


def _head_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MATLAB_HEADER + 8)
    except OSError as error:
        raise unreadable(path, error) from error


def _read_mat73(path: Path, variable: str, meaning: str) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise DatasetError(
            f"{path}: MATLAB files of version 7.3 need h5py: pip install h5py"
        ) from error
    try:
        with h5py.File(path, "r") as file:
            if variable not in file:
                names = [name for name in file if not name.startswith("#")]
                raise _no_variable(path, variable, meaning, names)
            return _plain(file, file[variable])
    except OSError as error:
        raise DatasetError(f"{path}: not a MATLAB file, or damaged") from error


def _plain(file: Any, item: Any) -> Any:
    """Return an HDF5 item of MATLAB's as arrays, text, dicts and lists."""
    if hasattr(item, "keys"):
        return {name: _plain(file, item[name]) for name in item}
    kind = item.attrs.get("MATLAB_class", b"")
    values = item[()]
    if kind == b"cell" or values.dtype == object:
        return [_plain(file, file[reference]) for reference in values.T.ravel()]
    if kind == b"char":
        return "".join(map(chr, values.T.ravel()))
    return values.T


def _no_variable(path: Path, variable: str, meaning: str, names: list[str]) -> DatasetError:
    there = ", ".join(names) or "none"
    return DatasetError(
        f"{path}: there must be a variable {variable!r}, {meaning}; the variables are {there}"
    )


_CELL = re.compile(r"([A-Z]+)(\d+)")
_SHEET = "xl/worksheets/sheet1.xml"
_STRINGS = "xl/sharedStrings.xml"


def read_sheet(path: Path) -> list[dict[str, str]]:
    """Return the rows of the first sheet of an .xlsx file: the text of each column's letter.

    The format is a zip file of XML, which the standard library reads.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            strings = _shared_strings(archive)
            root = ElementTree.fromstring(archive.read(_SHEET))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError) as error:
        raise DatasetError(f"{path}: not a spreadsheet (.xlsx), or damaged") from error
    except OSError as error:
        raise unreadable(path, error) from error
    rows: dict[int, dict[str, str]] = {}
    for cell in root.iterfind(".//{*}c"):
        place = _CELL.fullmatch(cell.get("r", ""))
        value = cell.find("{*}v")
        if place is None or value is None or value.text is None:
            continue
        text = strings[int(value.text)] if cell.get("t") == "s" else value.text
        rows.setdefault(int(place[2]), {})[place[1]] = text.strip()
    return [rows[number] for number in sorted(rows)]


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    if _STRINGS not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read(_STRINGS))
    return [
        "".join(text.text or "" for text in item.iterfind(".//{*}t"))
        for item in root.iterfind("{*}si")
    ]
