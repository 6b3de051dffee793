"""Public functions: methods over many files on a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import ImageError, VideoError
from ..registry import method_of
from . import storage
from .report import BatchReport
from .running import named, run_images, run_videos
from .sources import find_sources

Sources = str | Path | Iterable[str | Path]


def map_images(
    sources: Sources,
    target: str | Path,
    method: str,
    *,
    client: Any = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: bool = True,
    log: str | Path | None = None,
    storage_options: storage.Options | None = None,
    **options: Any,
) -> BatchReport:
    """Compute the saliency maps of many image files on a Dask cluster.

    The map of ``a/photo.jpg`` is ``target/photo.png``, with ``round(255 * map)`` in each pixel.
    Outputs of an earlier run with the same method, options and source are skipped, so an
    interrupted run continues. A file that fails is tried once more, on another worker if there is
    one, and does not stop the others. Every output appears with all its content or not at all.

    Parameters
    ----------
    sources : str, Path or iterable of them
        Files, folders, globs or URLs that fsspec opens, such as ``"s3://bucket/photos/*.jpg"``.
    target : str or Path
        Folder of the outputs, or its URL. It gets a hidden folder ``.fastsal`` with records of
        method and options.
    method : str
        A key of `METHODS`, of a method that takes each image alone.
    client : distributed.Client or str, optional
        A client, or the address of a scheduler. Default: a ``LocalCluster`` for this call.
    workers : int, optional
        Number of processes of that ``LocalCluster``. Default: one per core.
    overwrite : bool, default False
        Compute finished outputs again.
    progress : bool, default True
        Show a bar with files per second and remaining time on stderr if stderr is a terminal.
    log : str or Path, optional
        File or URL for the report as JSON. It is also written when the run is interrupted.
    storage_options : dict, optional
        Options of fsspec by protocol, such as ``{"s3": {"anon": True}}``.
    **options
        ``view`` ("map", "overlay" or "side-by-side"), ``alpha``, ``colormap``, ``background``,
        ``backend``, and options of the method's function.

    Returns
    -------
    BatchReport

    Raises
    ------
    ImageError
        If there is no source, or two sources would have one output. Nothing is written.
    FastsalError
        If the cluster or the target cannot be used, or the connection to the scheduler is lost.
        Another call with the same arguments then continues.
    ValueError, TypeError
        If an argument is not one of the allowed values. Nothing is written.

    Examples
    --------
    >>> from fastsal import distributed
    >>> report = distributed.map_images("photos/", "maps/", "whitened")  # doctest: +SKIP
    >>> len(report.done), report.failed  # doctest: +SKIP
    (2000, [('photos/broken.jpg', 'photos/broken.jpg: the file is damaged')])
    >>> report = distributed.map_images(  # doctest: +SKIP
    ...     "s3://bucket/photos/*.jpg", "s3://bucket/maps", "lc", client="tcp://10.0.0.1:8786"
    ... )
    """
    from ..io.pictures import READ_SUFFIXES
    from ..render.image_views import ImageLook

    look = {
        key: options.pop(key)
        for key in ("view", "alpha", "colormap", "background")
        if key in options
    }
    found = find_sources(
        sources, READ_SUFFIXES, "image", ImageError,
        storage_options or {},
    )  # fmt: skip
    keys = (method_of(method).key,)
    return run_images(
        named(found, ".png"), str(target), keys, ImageLook(**look), options,
        client=client, workers=workers, overwrite=overwrite, progress=progress, log=log,
        storage_options=storage_options,
    )  # fmt: skip


def map_videos(
    sources: Sources,
    target: str | Path,
    method: str,
    *,
    client: Any = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: bool = True,
    log: str | Path | None = None,
    storage_options: storage.Options | None = None,
    **options: Any,
) -> BatchReport:
    """Compute the saliency videos of many video files on a Dask cluster.

    The output of ``a/street.mov`` is ``target/street.mp4``. Each is the video that
    `fastsal.process_video` writes. A video of at least a minute is split by time if its method
    takes each frame alone and PyAV is installed. Its parts are then joined without a second
    encode. All other videos take one worker each. Outputs are skipped, retried and stored as
    those of `map_images`.

    Parameters
    ----------
    sources, target, client, workers, overwrite, progress, log, storage_options
        As in `map_images`.
    method : str
        A key of `METHODS`.
    **options
        ``view``, ``alpha``, ``colormap``, ``start``, ``end`` and ``resize`` of
        `fastsal.process_video`,
        ``backend``, and options of the method's function.

    Returns
    -------
    BatchReport

    Raises
    ------
    VideoError
        If there is no source, or two sources would have one output. Nothing is written.
    FastsalError, ValueError, TypeError
        As in `map_images`.

    Examples
    --------
    >>> from fastsal import distributed
    >>> report = distributed.map_videos("clips/", "maps/", "flow", view="map")  # doctest: +SKIP
    >>> len(report.done)  # doctest: +SKIP
    120
    """
    from ..io.video_files import VIDEO_SUFFIXES

    names = ("view", "alpha", "colormap", "start", "end", "resize")
    look = {key: options.pop(key) for key in names if key in options}
    found = find_sources(sources, VIDEO_SUFFIXES, "video", VideoError, storage_options or {})
    return run_videos(
        named(found, ".mp4"), str(target), (method_of(method).key,), look, options,
        client=client, workers=workers, overwrite=overwrite, progress=progress, log=log,
        storage_options=storage_options,
    )  # fmt: skip
