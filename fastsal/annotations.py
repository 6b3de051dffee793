"""Types of public functions, for type checkers.

At run time the decorators return the function itself. They cost nothing per call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

P = ParamSpec("P")
S = TypeVar("S", bound=np.generic, covariant=True)
Out = TypeVar("Out")  # of the array that results go to
Function = Callable[Concatenate[Any, P], Any]


class DeviceArray(Protocol):
    """An array of CuPy, Numba or PyTorch: results are arrays of the same library."""

    @property
    def __cuda_array_interface__(self) -> Any:
        """Address, shape and dtype of the array."""


class OfImage(Protocol[P, S]):
    """A function of an image. An array of NumPy gives one of dtype `S`; with `out` it is `out`."""

    @overload
    def __call__(self, image: DeviceArray, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    @overload
    def __call__(self, image: ArrayLike, *args: P.args, **kwargs: P.kwargs) -> NDArray[S]: ...


class OfFrame(Protocol[P, S]):
    """A function of a frame and the previous one, like `OfImage`."""

    @overload
    def __call__(self, frame: DeviceArray, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    @overload
    def __call__(self, frame: ArrayLike, *args: P.args, **kwargs: P.kwargs) -> NDArray[S]: ...


class OfMap(Protocol[P, S]):
    """A function of a saliency map, like `OfImage`."""

    @overload
    def __call__(self, saliency: DeviceArray, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    @overload
    def __call__(self, saliency: ArrayLike, *args: P.args, **kwargs: P.kwargs) -> NDArray[S]: ...


def of_image(dtype: type[S]) -> Callable[[Function[P]], OfImage[P, S]]:
    """Declare a function of an image that returns arrays of `dtype`."""
    return lambda function: cast(Any, function)


def of_frame(dtype: type[S]) -> Callable[[Function[P]], OfFrame[P, S]]:
    """Declare a function of two frames that returns arrays of `dtype`."""
    return lambda function: cast(Any, function)


def of_map(dtype: type[S]) -> Callable[[Function[P]], OfMap[P, S]]:
    """Declare a function of a saliency map that returns arrays of `dtype`."""
    return lambda function: cast(Any, function)
