"""The recorded outputs that the repository holds itself."""

from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parent / "golden"


def test_they_stay_small():
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*") if path.is_file()) < 1_500_000


def test_they_are_part_of_the_larger_set(shared):
    for path in GOLDEN.rglob("*.npz"):
        small, large = np.load(path), np.load(shared / "golden" / path.relative_to(GOLDEN))
        for key in small:
            count = len(small[key]) if small[key].ndim else None
            if not key.startswith(("mask_", "shape_")):  # packed, so not a part of the larger array
                np.testing.assert_array_equal(small[key], large[key][:count], err_msg=key)


def test_each_is_described():
    text = (GOLDEN / "README.md").read_text(encoding="utf-8")
    for path in GOLDEN.rglob("*.npz"):
        assert f"`{path.relative_to(GOLDEN).as_posix()}`" in text
