"""Notebooks run, and give the outputs that are stored in them.

``python tests/optional/notebooks/test_notebooks.py [NAME ...]`` runs notebooks and stores their
outputs. A cell with the tag "varies" prints times: only the kinds of its outputs are compared.
"""

import base64
import importlib.util
import io
import re
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).parents[3] / "notebooks"
MAX_BYTES = 300_000
MAX_DIFFERENCE = 3.0  # mean over a picture, of 255; fonts and JPEG differ between versions
NEED_TORCH = ("06", "07", "09")
HAS_TORCH = importlib.util.find_spec("torch") is not None
NOTEBOOKS = [
    path for path in sorted(FOLDER.glob("*.ipynb")) if path.name.startswith(NEED_TORCH) == HAS_TORCH
]


def executed(path):
    """Return the notebook after a run of all cells."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": FOLDER}}
    )
    return client.execute()


def pictures_of(output):
    """Return the pictures of one output, decoded."""
    data = output.get("data", {})
    kinds = [kind for kind in data if kind in ("image/jpeg", "image/png")]
    return [Image.open(io.BytesIO(base64.b64decode(data[kind]))).convert("RGB") for kind in kinds]


def text_of(output):
    """Return the text of one output; the text of a picture names its size in inches only."""
    if pictures_of(output):
        return ""
    return output.get("text", "") or output.get("data", {}).get("text/plain", "")


def kind_of(output):
    return output["output_type"], sorted(output.get("data", {}))


def shown(cell):
    """Return the outputs of a cell without the progress of compilation, which runs once.

    That progress can cut a printed text in two, which are put together again.
    """
    outputs = []
    for output in cell.outputs:
        is_widget = "application/vnd.jupyter.widget-view+json" in output.get("data", {})
        if output.get("name") == "stderr" or is_widget:
            continue
        if outputs and output.get("name") == outputs[-1].get("name") == "stdout":
            text = outputs.pop()["text"] + output["text"]
            output = nbformat.v4.new_output("stream", name="stdout", text=text)
        outputs.append(output)
    return outputs


def difference(found, stored):
    """Return the mean absolute difference of two pictures of nearly equal size."""
    sizes = np.array([found.size, stored.size], float)
    assert (abs(sizes[0] / sizes[1] - 1) < 0.05).all(), sizes
    pair = [np.asarray(each.resize(stored.size), float) for each in (found, stored)]
    return np.abs(pair[0] - pair[1]).mean()


def without_machine(text):
    """Return a text without thread counts and versions, which differ between machines."""
    return re.sub(r"\d+ threads?|numba [\d.]+", "", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_those_stored(path):
    stored = nbformat.read(path, as_version=4)
    found = executed(path)

    cells = [each.cells for each in (found, stored)]
    for now, before in zip(*cells, strict=True):
        if now.cell_type != "code":
            continue
        where = f"{path.name}: {now.source[:60]!r}"
        pairs = list(zip(shown(now), shown(before), strict=True))
        assert [kind_of(a) for a, _ in pairs] == [kind_of(b) for _, b in pairs], where
        if "varies" in before.metadata.get("tags", []):
            continue
        for output, known in pairs:
            assert without_machine(text_of(output)) == without_machine(text_of(known)), where
            for picture, drawn in zip(pictures_of(output), pictures_of(known), strict=True):
                assert difference(picture, drawn) < MAX_DIFFERENCE, where


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_outputs_are_stored_and_small(path):
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]

    assert any(pictures_of(output) for output in outputs)
    assert path.stat().st_size < MAX_BYTES
    assert not any(output["output_type"] == "error" for output in outputs)
    assert not any(output.get("name") == "stderr" for output in outputs)


def test_a_changed_picture_is_noticed(rng):
    picture = Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    assert difference(picture, picture) == 0
    assert difference(picture.rotate(180), picture) > MAX_DIFFERENCE
    with pytest.raises(AssertionError):
        difference(picture, picture.resize((80, 40)))


def store(path):
    """Run a notebook and store its outputs, without times of execution."""
    notebook = executed(path)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    for path in NOTEBOOKS:
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            store(path)
