"""Visual saliency on CPU threads or a CUDA GPU: arrays in, saliency maps out.

Where people look
    boolean_map (the most accurate), whitened, image_signature, itti_koch, center_surround,
    spectral_residual, fine_grained, luminance_contrast; scanpath
Whole objects
    minimum_barrier, superpixel_contrast, bing, train_bing; binary_map, salient_boxes,
    as_xyxy
Motion
    frame_difference, flow_saliency, superpixel_change; the classes FrameDifference,
    FlowSaliency and BinWang
Superpixels
    slic, region_stats; the module superpixels
Why a network decides
    the module explain
Published networks for videos
    the module neural
Images, videos and streams
    overlay, process_video, Stream, METHODS
Data sets and scores
    evaluate; the modules datasets and metrics
Crops, detection, and quality weighted by saliency
    the module applications
Many files on a cluster
    the module distributed
Running
    backends, use_backend, warmup
Options, results and errors
    IttiOptions, BingModel, RegionStats, VideoReport; FastsalError with ImageError, VideoError,
    ModelError, DatasetError and BackendUnavailableError
Instead of cv2.saliency
    the module opencv

Images are uint8, uint16 or floats in [0, 1], shape (H, W) or (H, W, 3), RGB unless
``color="bgr"``. Maps are float32 in [0, 1], shape (H, W). Names are imported on first use.

Examples
--------
>>> import fastsal
>>> from skimage import data
>>> fastsal.boolean_map(data.astronaut()).shape
(512, 512)
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Where names are imported from on first use. The stub, __init__.pyi, lists the same for type
# checkers; files of source cannot be read from archives and frozen programs.
_HOMES = {
    "BackendUnavailableError": "errors",
    "BinWang": "algorithms.bin_wang",
    "BingModel": "algorithms.bing",
    "DatasetError": "errors",
    "FastsalError": "errors",
    "FlowSaliency": "algorithms.flow_saliency",
    "FrameDifference": "algorithms.frame_difference",
    "ImageError": "errors",
    "IttiOptions": "algorithms.itti_koch",
    "METHODS": "registry",
    "ModelError": "errors",
    "RegionStats": "algorithms.superpixels",
    "Stream": "stream",
    "VideoError": "errors",
    "VideoReport": "pipelines.video",
    "as_xyxy": "boxes",
    "backends": "runtime",
    "binary_map": "algorithms.binary_map",
    "bing": "algorithms.bing",
    "boolean_map": "algorithms.boolean_map",
    "center_surround": "algorithms.center_surround",
    "evaluate": "evaluation",
    "fine_grained": "algorithms.fine_grained",
    "flow_saliency": "algorithms.flow_saliency",
    "frame_difference": "algorithms.frame_difference",
    "image_signature": "algorithms.image_signature",
    "itti_koch": "algorithms.itti_koch",
    "luminance_contrast": "algorithms.luminance_contrast",
    "minimum_barrier": "algorithms.minimum_barrier",
    "overlay": "render.overlay",
    "process_video": "pipelines.video",
    "region_stats": "algorithms.superpixels",
    "salient_boxes": "algorithms.binary_map",
    "scanpath": "algorithms.scanpath",
    "slic": "algorithms.superpixels",
    "spectral_residual": "algorithms.spectral_residual",
    "superpixel_change": "algorithms.superpixel_contrast",
    "superpixel_contrast": "algorithms.superpixel_contrast",
    "train_bing": "algorithms.bing",
    "use_backend": "runtime",
    "warmup": "pipelines.warmup",
    "whitened": "algorithms.whitened",
}
_MODULES = (
    "applications",
    "datasets",
    "distributed",
    "explain",
    "metrics",
    "neural",
    "opencv",
    "superpixels",
)

__all__ = sorted([*_HOMES, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
