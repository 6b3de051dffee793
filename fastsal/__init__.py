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

import lazy_loader

__version__ = "0.1.0"

# The stub, __init__.pyi, lists the public names and their modules.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
