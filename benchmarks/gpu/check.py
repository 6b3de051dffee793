"""Compare the results of the device and the CPU, method by method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calls import Row, attempted

Result = dict[str, Any]


def check(row: Row, shapes: list[tuple[int, int]], maps: int = 2) -> Iterator[Result]:
    """Yield, for a photograph and for noise of each shape, how far the device is from the CPU."""
    for shape in shapes:
        photos = row.stack(shape, maps)
        noise = np.random.default_rng(3).integers(0, 256, photos.shape, dtype=np.uint8)
        for kind, stack in (("photographs", photos), ("noise", noise)):
            found = attempted(lambda stack=stack: compared(row, stack))
            about = {"method": row.name, "size": f"{shape[1]}x{shape[0]}", "kind": kind}
            yield {**about, "passes": False, **found}


def compared(row: Row, stack: Any) -> Result:
    """Return the gaps between both maps of a stack, and whether they are within the bounds."""
    maps = [np.asarray(row.make()(stack, backend=each), np.float64) for each in ("cuda", "cpu")]
    gaps, allowed = np.abs(maps[0] - maps[1]), row.allowed
    alike = float(np.mean(gaps <= allowed.gap))
    passes = gaps.mean() <= allowed.mean if allowed.mean else alike >= allowed.alike
    return {"gap": float(gaps.max()), "mean gap": float(gaps.mean()), "alike": alike,
            "passes": bool(passes)}  # fmt: skip
