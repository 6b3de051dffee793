"""Visual saliency on CPU threads or a CUDA GPU: arrays in, saliency maps out.

Where people look
    boolean_map (the most accurate), whitened, image_signature, itti_koch, center_surround,
    spectral_residual, fine_grained, luminance_contrast; scanpath
Whole objects
    minimum_barrier, superpixel_contrast, bing, train_bing; binary_map, salient_boxes
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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .algorithms.bin_wang import BinWang as BinWang
    from .algorithms.binary_map import binary_map as binary_map
    from .algorithms.binary_map import salient_boxes as salient_boxes
    from .algorithms.bing import BingModel as BingModel
    from .algorithms.bing import bing as bing
    from .algorithms.bing import train_bing as train_bing
    from .algorithms.boolean_map import boolean_map as boolean_map
    from .algorithms.center_surround import center_surround as center_surround
    from .algorithms.fine_grained import fine_grained as fine_grained
    from .algorithms.flow_saliency import FlowSaliency as FlowSaliency
    from .algorithms.flow_saliency import flow_saliency as flow_saliency
    from .algorithms.frame_difference import FrameDifference as FrameDifference
    from .algorithms.frame_difference import frame_difference as frame_difference
    from .algorithms.image_signature import image_signature as image_signature
    from .algorithms.itti_koch import IttiOptions as IttiOptions
    from .algorithms.itti_koch import itti_koch as itti_koch
    from .algorithms.luminance_contrast import luminance_contrast as luminance_contrast
    from .algorithms.minimum_barrier import minimum_barrier as minimum_barrier
    from .algorithms.scanpath import scanpath as scanpath
    from .algorithms.spectral_residual import spectral_residual as spectral_residual
    from .algorithms.superpixel_contrast import superpixel_change as superpixel_change
    from .algorithms.superpixel_contrast import superpixel_contrast as superpixel_contrast
    from .algorithms.superpixels import RegionStats as RegionStats
    from .algorithms.superpixels import region_stats as region_stats
    from .algorithms.superpixels import slic as slic
    from .algorithms.whitened import whitened as whitened
    from .errors import BackendUnavailableError as BackendUnavailableError
    from .errors import DatasetError as DatasetError
    from .errors import FastsalError as FastsalError
    from .errors import ImageError as ImageError
    from .errors import ModelError as ModelError
    from .errors import VideoError as VideoError
    from .evaluation import evaluate as evaluate
    from .methods import METHODS as METHODS
    from .pipelines.overlay import overlay as overlay
    from .pipelines.stream import Stream as Stream
    from .pipelines.video import VideoReport as VideoReport
    from .pipelines.video import process_video as process_video
    from .pipelines.warmup import warmup as warmup
    from .runtime import backends as backends
    from .runtime import use_backend as use_backend

__version__ = "0.1.0"

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
    "METHODS": "methods",
    "ModelError": "errors",
    "RegionStats": "algorithms.superpixels",
    "Stream": "pipelines.stream",
    "VideoError": "errors",
    "VideoReport": "pipelines.video",
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
    "overlay": "pipelines.overlay",
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

# Public modules, also imported on first use.
_MODULES = ("applications", "datasets", "explain", "metrics", "neural", "opencv", "superpixels")

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES, "__version__"])
