"""Drop-in for ``saliency.core`` of Google PAIR, on any NumPy: same classes, keywords, keys, values.

``import fastsal.explain.pair as saliency`` replaces ``import saliency.core as saliency``. XRAI's
own work is 50 to 100 times as fast. The package's faults are not reproduced:

* `GuidedIG` works with NumPy 2.4 and later.
* `BlurIG` uses each step's own width, also with ``sqrt=True`` and ``batch_size > 1``.
* `IntegratedGradients` calls the model also with ``x_steps=1`` and ``batch_size > 1``.
* Integer images are computed in float64; their differences do not wrap around.
* A constant image or mask gives finite values. NaN attributions and empty lists of segments are
  refused in one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..algorithms.xrai import rank_regions
from ..algorithms.xrai.api import MODES
from . import gradients, models, occlusions, paths, segments
from .models import GRADIENTS as INPUT_OUTPUT_GRADIENTS
from .models import LAYER_GRADIENTS as CONVOLUTION_OUTPUT_GRADIENTS
from .models import LAYER_VALUES as CONVOLUTION_LAYER_VALUES
from .models import SCORES as OUTPUT_LAYER_VALUES

__all__ = [
    "CONVOLUTION_LAYER_VALUES",
    "CONVOLUTION_OUTPUT_GRADIENTS",
    "INPUT_OUTPUT_GRADIENTS",
    "OUTPUT_LAYER_VALUES",
    "SHAPE_ERROR_MESSAGE",
    "XRAI",
    "BlurIG",
    "CoreSaliency",
    "GradCam",
    "GradientSaliency",
    "GuidedIG",
    "IntegratedGradients",
    "Occlusion",
    "VisualizeImageDiverging",
    "VisualizeImageGrayscale",
    "XRAIOutput",
    "XRAIParameters",
]

_OUTERMOST = "Expected outermost dimension of {} to be the same as x_value_batch"
SHAPE_ERROR_MESSAGE = {
    key: _OUTERMOST.format(key) + " - expected {}, actual {}"
    for key in (CONVOLUTION_LAYER_VALUES, CONVOLUTION_OUTPUT_GRADIENTS, OUTPUT_LAYER_VALUES)
}
SHAPE_ERROR_MESSAGE[INPUT_OUTPUT_GRADIENTS] = (
    f"Expected key {INPUT_OUTPUT_GRADIENTS} to be the same shape as input x_value_batch"
    " - expected {}, actual {}"
)


class CoreSaliency:
    """Base class of the methods."""

    expected_keys = [INPUT_OUTPUT_GRADIENTS]  # noqa: RUF012  # the package's attribute

    def GetMask(self, x_value: Any, call_model_function: Any, call_model_args: Any = None) -> Any:
        """Return the mask of one image; each method defines it."""
        raise NotImplementedError("A derived class should implement GetMask()")

    def GetSmoothedMask(
        self,
        x_value: Any,
        call_model_function: Any,
        call_model_args: Any = None,
        stdev_spread: float = 0.15,
        nsamples: int = 25,
        magnitude: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Return the mean mask of noisy images, or with `magnitude` the mean of its squares.

        The noise comes from NumPy's global generator, as in the package.
        """
        x_value = np.asarray(x_value)
        spread = stdev_spread * (np.max(x_value).astype(float) - np.min(x_value))
        total: Any = 0
        for _ in range(nsamples):
            noise = np.random.normal(0, spread, x_value.shape)  # noqa: NPY002
            mask = self.GetMask(
                x_value + noise, call_model_function, call_model_args, **kwargs
            ).astype(np.float32)
            total = total + (mask * mask if magnitude else mask)
        return total / nsamples

    def format_and_check_call_model_output(
        self, output: Any, input_shape: tuple[int, ...], expected_keys: Any
    ) -> None:
        """Turn the model's results into arrays, and check their shapes."""
        for key in expected_keys:
            output[key] = np.asarray(output[key])
            expected: Any = input_shape
            actual: Any = output[key].shape
            if key != INPUT_OUTPUT_GRADIENTS:
                expected, actual = expected[0], actual[0]
            if expected != actual:
                raise ValueError(SHAPE_ERROR_MESSAGE[key].format(expected, actual))

    def _checked(self, model: Any, args: Any) -> Any:
        """Return a model with the package's checks of results, which raise KeyError too."""
        keys = self.expected_keys

        def call(batch: Any, call_model_args: Any = None, expected_keys: Any = None) -> Any:
            output = model(batch, call_model_args=args, expected_keys=keys)
            self.format_and_check_call_model_output(output, batch.shape, keys)
            return output

        return call


class GradientSaliency(CoreSaliency):
    """The plain gradient."""

    def GetMask(self, x_value: Any, call_model_function: Any, call_model_args: Any = None) -> Any:
        """Return the gradient as the model gives it."""
        batch = np.array([x_value])
        call = self._checked(call_model_function, call_model_args)
        return call(batch)[INPUT_OUTPUT_GRADIENTS][0]


class IntegratedGradients(CoreSaliency):
    """Integrated Gradients with the package's rule."""

    def GetMask(
        self,
        x_value: Any,
        call_model_function: Any,
        call_model_args: Any = None,
        x_baseline: Any = None,
        x_steps: int = 25,
        batch_size: int = 1,
    ) -> Any:
        """Return the mean gradient between baseline and image, times their difference."""
        x_value = _floats(x_value)
        return gradients.integrated_gradients(
            x_value, self._checked(call_model_function, call_model_args),
            baseline=_baseline(x_baseline, x_value), steps=x_steps, rule="pair",
            batch_size=batch_size,
        )  # fmt: skip


class BlurIG(CoreSaliency):
    """Integrated gradients along a path of blurred images."""

    def GetMask(
        self,
        x_value: Any,
        call_model_function: Any,
        call_model_args: Any = None,
        max_sigma: float = 50,
        steps: int = 100,
        grad_step: float = 0.01,
        sqrt: bool = False,
        batch_size: int = 1,
    ) -> Any:
        """Return the integral over the blur."""
        return paths.blur_ig(
            _floats(x_value),
            self._checked(call_model_function, call_model_args),
            max_sigma=max_sigma, steps=steps, grad_step=grad_step, sqrt=sqrt,
            batch_size=batch_size,
        )  # fmt: skip


class GuidedIG(CoreSaliency):
    """Integrated gradients along a guided path."""

    def GetMask(
        self,
        x_value: Any,
        call_model_function: Any,
        call_model_args: Any = None,
        x_baseline: Any = None,
        x_steps: int = 200,
        fraction: float = 0.25,
        max_dist: float = 0.02,
    ) -> Any:
        """Return the integral along the path, float64."""
        x_value = _floats(x_value).astype(np.float64)
        return paths.guided_ig(
            x_value, self._checked(call_model_function, call_model_args),
            baseline=_baseline(x_baseline, x_value), steps=x_steps, fraction=fraction,
            max_dist=max_dist,
        )  # fmt: skip


class Occlusion(CoreSaliency):
    """The fall of the score under a sliding window."""

    expected_keys = [OUTPUT_LAYER_VALUES]  # noqa: RUF012

    def GetMask(
        self,
        x_value: Any,
        call_model_function: Any,
        call_model_args: Any = None,
        size: int = 15,
        value: float = 0,
    ) -> Any:
        """Return the sum of the falls of all windows over a pixel."""
        return occlusions.occlusion(
            _floats(x_value),
            self._checked(call_model_function, call_model_args),
            size=size, value=value, batch_size=1,
        )  # fmt: skip


class GradCam(CoreSaliency):
    """Grad-CAM of the layer that the model returns."""

    expected_keys = [CONVOLUTION_LAYER_VALUES, CONVOLUTION_OUTPUT_GRADIENTS]  # noqa: RUF012

    def GetMask(
        self,
        x_value: Any,
        call_model_function: Any,
        call_model_args: Any = None,
        should_resize: bool = True,
        three_dims: bool = True,
    ) -> Any:
        """Return the map, resized and copied to three channels if asked to."""
        x_value = np.asarray(x_value)
        call = self._checked(call_model_function, call_model_args)
        output = call(x_value[None])
        weights = np.mean(output[CONVOLUTION_OUTPUT_GRADIENTS][0], axis=(0, 1))
        mask = np.maximum(output[CONVOLUTION_LAYER_VALUES][0] @ weights, 0).astype(np.float32)
        if should_resize:
            from skimage.transform import resize

            if mask.max() > 0:
                mask = mask / mask.max()
            mask = resize(mask, x_value.shape[:2])
        return np.repeat(mask[..., None], 3, axis=2) if three_dims else mask


class XRAIParameters:
    """Parameters of `XRAI`."""

    def __init__(
        self,
        steps: int = 100,
        area_threshold: float = 1.0,
        return_baseline_predictions: bool = False,
        return_ig_attributions: bool = False,
        return_xrai_segments: bool = False,
        flatten_xrai_segments: bool = True,
        algorithm: str = "full",
    ) -> None:
        self.steps = steps
        self.area_threshold = area_threshold
        self.return_ig_attributions = return_ig_attributions
        self.return_xrai_segments = return_xrai_segments
        self.flatten_xrai_segments = flatten_xrai_segments
        self.algorithm = algorithm
        self.experimental_params = {"min_pixel_diff": 50}


class XRAIOutput:
    """Results of `XRAI.GetMaskWithDetails`."""

    def __init__(self, attribution_mask: Any) -> None:
        self.attribution_mask = attribution_mask
        self.baselines: Any = None
        self.ig_attribution: Any = None
        self.segments: Any = None


class XRAI(CoreSaliency):
    """Regions ranked by their mean attribution."""

    def GetMask(
        self,
        x_value: Any,
        call_model_function: Any,
        call_model_args: Any = None,
        baselines: Any = None,
        segments: Any = None,
        base_attribution: Any = None,
        batch_size: int = 1,
        extra_parameters: XRAIParameters | None = None,
    ) -> Any:
        """Return the map, (H, W)."""
        return self.GetMaskWithDetails(
            x_value, call_model_function, call_model_args, baselines, segments, base_attribution,
            batch_size, extra_parameters,
        ).attribution_mask  # fmt: skip

    def GetMaskWithDetails(
        self,
        x_value: Any,
        call_model_function: Any,
        call_model_args: Any = None,
        baselines: Any = None,
        segments: Any = None,
        base_attribution: Any = None,
        batch_size: int = 1,
        extra_parameters: XRAIParameters | None = None,
    ) -> XRAIOutput:
        """Return the map, and the details that `extra_parameters` requests."""
        options = XRAIParameters() if extra_parameters is None else extra_parameters
        if options.algorithm not in MODES:
            raise ValueError(f"Unknown algorithm type: {options.algorithm}")
        x_value = _floats(x_value)
        sources: Any = None
        if base_attribution is not None:
            base_attribution = np.asarray(base_attribution)
            if base_attribution.shape != x_value.shape:
                raise ValueError(
                    "The base attribution shape should be the same as the shape of `x_value`. "
                    f"Expected {x_value.shape}, got {base_attribution.shape}"
                )
            found: Any = base_attribution
            scores = base_attribution
        else:
            sources = self._baselines(x_value, baselines)
            integrated = IntegratedGradients()
            found = [
                integrated.GetMask(
                    x_value, call_model_function, call_model_args, x_baseline=each,
                    x_steps=options.steps, batch_size=batch_size,
                )
                for each in sources
            ]  # fmt: skip
            scores = np.array(found).mean(axis=0)
        if scores.ndim > 2:
            scores = scores.max(axis=-1)
        scores = models.image_array(scores, "base_attribution")
        colors = x_value if x_value.ndim == 3 else x_value[..., None]
        regions = _regions(colors, segments)
        least = int(options.experimental_params["min_pixel_diff"])
        mode: Any = options.algorithm
        ranking = rank_regions(scores, regions, mode, options.area_threshold, least)
        output = XRAIOutput(ranking.saliency)
        output.baselines = sources
        if options.return_ig_attributions:
            output.ig_attribution = found
        if options.return_xrai_segments:
            ranks = ranking.ranks.astype(int)
            output.segments = ranks
            if not options.flatten_xrai_segments:
                output.segments = [ranks == rank for rank in range(1, ranks.max() + 1)]
        return output

    def _baselines(self, x_value: NDArray[Any], baselines: Any) -> list[NDArray[Any]]:
        if baselines is None:
            return [np.full_like(x_value, end) for end in (x_value.min(), x_value.max())]
        for each in baselines:
            if each.shape != x_value.shape:
                raise ValueError(
                    f"Baseline size {each.shape} does not match input size {x_value.shape}"
                )
        return list(baselines)


def VisualizeImageGrayscale(image_3d: Any, percentile: float = 99) -> Any:
    """Return the sum of magnitudes over axis 2, from its minimum to a percentile, in [0, 1]."""
    sums = np.sum(np.abs(image_3d), axis=2)
    return _clipped(sums, np.min(sums), np.percentile(sums, percentile), 0)


def VisualizeImageDiverging(image_3d: Any, percentile: float = 99) -> Any:
    """Return the sum over axis 2, shifted so that zero becomes 0.5, in [-1, 1] as the package."""
    sums = np.sum(image_3d, axis=2)
    span = abs(np.percentile(sums, percentile))
    return _clipped(sums, -span, span, -1)


def _clipped(values: Any, low: Any, high: Any, least: int) -> Any:
    if low == high:
        return np.where(values > high, 1.0, 0.0)
    return np.clip((values - low) / (high - low), least, 1)


def _floats(values: Any) -> NDArray[Any]:
    """Return an array of floats; integers become float64, which holds their differences."""
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _baseline(x_baseline: Any, x_value: NDArray[Any]) -> Any:
    if x_baseline is None:
        return 0.0
    baseline = _floats(x_baseline)
    assert baseline.shape == x_value.shape
    return baseline


def _regions(colors: NDArray[Any], masks: Any) -> Any:
    if masks is None:
        return segments.regions_of_image(colors)
    if isinstance(masks, Mapping) or not len(masks):
        raise ValueError("`segments` must hold at least one mask of bool; got none")
    return segments.regions_of([np.asarray(each, bool) for each in masks], colors.shape[:2])
