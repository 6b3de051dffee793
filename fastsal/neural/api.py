"""The public functions: one per network."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from .. import images, runtime

if TYPE_CHECKING:
    from .network import Between, Precision, VideoNetwork

INSTALL = "pip install torch h5py"


def tased(
    weights: str | os.PathLike[str] | None = None,
    *,
    size: tuple[int, int] = (224, 384),
    device: str = "auto",
    precision: Precision = "float32",
    stride: int = 1,
    between: Between = "hold",
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
) -> VideoNetwork:
    """Return TASED-Net with the weights of its authors' checkpoint file.

    Each map is of the last of 32 frames. In a whole video, the first 31 frames are the last ones
    of windows that are played backwards, as the authors do. They refuse videos below 63 frames;
    here such a video is continued by its mirror image. In a stream, the first frame stands still
    before it begins. All steps that windows share are computed once.

    Parameters
    ----------
    weights : path or None
        The file ``TASED_updated.pt`` of the authors, or a name in the folder `FASTSAL_WEIGHTS`.
        None takes the file that lies there.
    size : (int, int), default (224, 384)
        Rows and columns of the input, multiples of 32. The network was trained with the default.
    device : str, default "auto"
        "cpu", "cuda", "cuda:N" or "mps". "auto" takes CUDA, else MPS, else the CPU.
    precision : {"float32", "bfloat16"}, default "float32"
        Precision of the layers. "bfloat16" is twice as fast on processors with AMX. It moves maxima
        of pools, so maps of TASED-Net differ visibly.
    stride : int, default 1
        Compute each stride-th map only.
    between : {"hold", "blend"}, default "hold"
        Frames without a map of their own repeat the last one, or are interpolated.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels. Frames of OpenCV are "bgr".
    channel_axis : int or None, default -1
        Axis of the channels of every frame that has more than two axes.

    Returns
    -------
    network : VideoNetwork
        With `predict` for whole videos and `update` for streams.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or no checkpoint of TASED-Net.
    BackendUnavailableError
        If PyTorch is not installed, or the device is not there.
    ValueError
        If an option is not one of the allowed values.

    References
    ----------
    Min and Corso, "TASED-Net: temporally-aggregating spatial encoder-decoder network for video
    saliency detection", ICCV 2019.

    Examples
    --------
    >>> from fastsal import neural
    >>> network = neural.tased("TASED_updated.pt")  # doctest: +SKIP
    >>> maps = network.predict(frames)  # doctest: +SKIP
    """
    settings = (device, precision, stride, between, color, channel_axis)
    return _made("tased_net", "TasedNetwork", weights, settings, size=size)


def stavis(
    weights: str | os.PathLike[str] | None = None,
    *,
    audio: bool = True,
    resize: Literal["nearest", "bicubic"] = "nearest",
    device: str = "auto",
    precision: Precision = "float32",
    stride: int = 1,
    between: Between = "hold",
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
) -> VideoNetwork:
    """Return STAViS, which sees and hears, with the weights of its authors' checkpoint file.

    Each map is of the ninth of 16 frames. The authors give none for the first eight frames; here
    they have the map of the ninth. Videos below 16 frames are repeated, as the authors do. All
    frames of a video below nine frames have the map of one window. In a stream, maps lag by seven
    frames.

    Parameters
    ----------
    weights : path or None
        A file of the authors, or a name in the folder `FASTSAL_WEIGHTS`. None takes the file that
        lies there. Files for pictures alone may lack the parts for sound.
    audio : bool, default True
        Use the network for pictures and sound where there is sound. False always uses the network
        for pictures alone. A video without sound uses that one too.
    resize : {"nearest", "bicubic"}, default "nearest"
        First reduction of frames, to 320 x 240. The authors trained with "nearest".
    device, precision, stride, between, color, channel_axis
        As in `tased`.

    Returns
    -------
    network : VideoNetwork
        With `predict` for whole videos and `update` for streams.

    Raises
    ------
    ModelError, BackendUnavailableError, ValueError
        As in `tased`.

    References
    ----------
    Tsiami, Koutras and Maragos, "STAViS: spatio-temporal audiovisual saliency network", CVPR 2020.

    Examples
    --------
    >>> from fastsal import neural
    >>> network = neural.stavis("stavis_audiovisual.pth")  # doctest: +SKIP
    >>> maps = network.predict(frames, audio=samples, fps=25)  # doctest: +SKIP
    """
    settings = (device, precision, stride, between, color, channel_axis)
    return _made("stavis_net", "StavisNetwork", weights, settings, audio=audio, resize=resize)


def stra_net(
    weights: str | os.PathLike[str] | None = None,
    *,
    flow: Literal["dis"] | Callable[..., Any] = "dis",
    device: str = "auto",
    precision: Precision = "float32",
    stride: int = 1,
    between: Between = "hold",
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
) -> VideoNetwork:
    """Return STRA-Net with the weights of its authors' checkpoint file.

    Each map is of one frame, its optical flow over the next five frames, and the memory of all
    frames before. In a stream the next frames are unknown; the newest flow takes their place, as
    at the end of a video. With `stride`, other frames do not enter the memory.

    The authors computed the flow with FlowNet2. OpenCV's DIS flow takes its place here, so maps
    differ from theirs by the difference of the flows. Frames and flow are prepared exactly as the
    authors do it: their code takes the first values of a field instead of reducing it.

    Parameters
    ----------
    weights : path or None
        The Keras file ``UHD_dcross_res_matt_res.h5`` of the authors, or a name in the folder
        `FASTSAL_WEIGHTS`. None takes the file that lies there.
    flow : "dis" or callable, default "dis"
        ``flow(frame, next_frame)`` takes two frames of uint8, RGB or grey as they were given, and
        returns (H, W, 2) floats: displacements in columns and rows, in pixels. It need not have
        the size of the frames.
    device, precision, stride, between, color, channel_axis
        As in `tased`.

    Returns
    -------
    network : VideoNetwork
        With `predict` for whole videos and `update` for streams.

    Raises
    ------
    ModelError, BackendUnavailableError, ValueError
        As in `tased`.

    References
    ----------
    Lai, Wang, Sun and Shen, "Video saliency prediction using spatiotemporal residual attentive
    networks", IEEE TIP 2020.

    Examples
    --------
    >>> from fastsal import neural
    >>> network = neural.stra_net("UHD_dcross_res_matt_res.h5")  # doctest: +SKIP
    >>> maps = network.predict(frames)  # doctest: +SKIP
    """
    settings = (device, precision, stride, between, color, channel_axis)
    return _made("stra_network", "StraNetwork", weights, settings, flow=flow)


def _made(
    module: str, name: str, weights: Any, settings: tuple[Any, ...], **options: Any
) -> VideoNetwork:
    """Import a network's module, which imports PyTorch, and return its object."""
    runtime.pytorch(INSTALL)
    from .network import Settings

    network = getattr(importlib.import_module(f".{module}", __package__), name)
    made: VideoNetwork = network(weights, Settings(*settings), **options)
    return made
