"""A user's script, which `mypy tests/typing` checks: an expected error must occur."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import fastsal

image = np.zeros((48, 64, 3), np.uint8)
saliency = fastsal.boolean_map(image, size=32)
picture = fastsal.overlay(image, saliency)
stream = fastsal.Stream("frame-difference", threshold=20)
fastsal.opencv.StaticSaliencyFineGrained_create()
fastsal.bolean_map(image)  # type: ignore[attr-defined]
fastsal.boolean_map(image, siz=32)  # type: ignore[call-overload]
fastsal.boolean_map(image, color="gbr")  # type: ignore[call-overload]
fastsal.boolean_map()  # type: ignore[call-overload]

Map = NDArray[np.float32]
assert_type(saliency, Map)
assert_type(fastsal.luminance_contrast([[1, 2], [3, 4]]), Map)
assert_type(fastsal.luminance_contrast(image=image, color="bgr"), Map)
assert_type(fastsal.frame_difference(image, image, threshold=3), Map)
assert_type(fastsal.frame_difference(frame=image, previous=image), Map)
assert_type(fastsal.superpixel_change(image, image), Map)
assert_type(fastsal.binary_map(saliency), NDArray[np.uint8])
assert_type(fastsal.slic(image), NDArray[np.int32])
assert_type(fastsal.itti_koch(image), Map)
assert_type(fastsal.itti_koch(image, return_conspicuity=True)[0], Map)
assert_type(fastsal.flow_saliency(image, image), Map)
assert_type(fastsal.flow_saliency(image, image, return_flow=True), tuple[Map, Map])
assert_type(fastsal.scanpath(saliency, 3), NDArray[np.int64])
assert_type(stream.update(image), Map)
assert_type(fastsal.FrameDifference().update(image), Map)
assert_type(fastsal.BinWang().update(image), NDArray[np.uint8])
buffer = np.empty((48, 64), np.uint8)
assert_type(stream.update(image, out=buffer), np.ndarray[tuple[int, int], np.dtype[np.uint8]])


class Tensor:
    """An array on a device, of any library."""

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Address, shape and dtype."""
        return {}


assert_type(fastsal.luminance_contrast(Tensor()), Any)
assert_type(fastsal.frame_difference(Tensor(), Tensor()), Any)
assert_type(fastsal.flow_saliency(Tensor(), Tensor()), Any)
assert_type(stream.update(Tensor()), Any)
