"""One batch from its sources to its report."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import FastsalError, ImageError, VideoError
from ..io.reasons import line_of
from ..registry import METHODS
from . import batch, cluster, records, storage
from .report import BatchReport
from .sources import Source

Named = Sequence[tuple[Source, tuple[str, ...]]]  # each source with the names of its outputs


def named(sources: Sequence[Source], suffix: str) -> Named:
    """Return each source with the name of its only output."""
    return [(source, (storage.stem_of(source.name) + suffix,)) for source in sources]


def run_images(
    named_sources: Named,
    target: str,
    keys: tuple[str, ...],
    look: Any,
    options: Mapping[str, Any],
    **settings: Any,
) -> BatchReport:
    """Process images as `map_images`, for several methods and any names of outputs."""
    from ..io.pixels import parse_color
    from ..render.views import check_look
    from ..stream import Stream
    from .image_work import ImagePlan, ImageWork

    for key in keys:
        if METHODS[key].kind == "motion":
            raise ImageError(
                f"{key} compares frames in their order, and workers take images in any order; "
                "use a static method, or process a video"
            )
        if METHODS[key].kind == "network":
            raise ImageError(f"{key} is a network for videos; use `fastsal video` or `map_videos`")
        Stream(key, **options)
    check_look("overlay" if look.view == "grid" else look.view, look.alpha)
    parse_color(look.background)
    what = {"methods": keys, "options": dict(options), "look": vars(look)}
    target = _absolute(target)

    def plan(ready: cluster.Cluster, digest: str) -> ImagePlan:
        stored = settings["storage_options"] or {}
        work = ImageWork(keys, options, look, target, digest, ready.per_host, stored)
        return ImagePlan(work, ready.threads)

    return _run("image", ImageError, named_sources, target, keys, options, what, plan, **settings)


def run_videos(
    named_sources: Named,
    target: str,
    keys: tuple[str, ...],
    look: Mapping[str, Any],
    options: Mapping[str, Any],
    **settings: Any,
) -> BatchReport:
    """Process videos as `map_videos`, for a grid of several methods and any names of outputs."""
    from ..io.video_reader import check_request
    from ..pipelines.video import check_video_look
    from ..render.overlay import check_colormap
    from ..stream import Stream
    from .video_work import SHORTEST_PART, VideoPlan, VideoWork

    known = {
        "view": "overlay", "alpha": 0.5, "colormap": "inferno",
        "start": None, "end": None, "resize": None, **look,
    }  # fmt: skip
    check_video_look(keys, known["view"], known["alpha"])
    check_colormap(known["colormap"])
    check_request(known["start"], known["end"], known["resize"])
    for key in keys:
        if METHODS[key].kind != "network" or "weights" not in options:
            Stream(key, **options)  # a network is loaded by workers only
    what = {"methods": keys, "options": dict(options), "look": known}
    target = _absolute(target)

    def plan(ready: cluster.Cluster, digest: str) -> VideoPlan:
        stored = settings["storage_options"] or {}
        work = VideoWork(
            keys, options, known, target, digest, ready.per_host, ready.threads, stored,
            SHORTEST_PART,
        )  # fmt: skip
        return VideoPlan(work)

    return _run("video", VideoError, named_sources, target, keys, options, what, plan, **settings)


def _run(
    unit: str,
    error: type[FastsalError],
    named_sources: Named,
    target: str,
    keys: tuple[str, ...],
    options: Mapping[str, Any],
    what: Mapping[str, Any],
    make_plan: Any,
    *,
    client: Any,
    workers: int | None,
    overwrite: bool,
    progress: bool,
    log: str | Path | None,
    storage_options: storage.Options | None,
) -> BatchReport:
    """Skip finished jobs, and run the rest on the cluster."""
    stored = storage_options or {}
    cluster.check_workers(workers, has_client=client is not None)
    storage.check_writable(target)
    _check_names(named_sources, target, error)
    digest = records.digest_of({**what, "fastsal": __version__})
    kept = _opened_records(target, stored)
    jobs, skipped = _remaining(named_sources, kept, storage.Folder(target, stored), digest)
    if overwrite:
        jobs = [batch.Job(index, *each) for index, each in enumerate(named_sources)]
        skipped = []
    kept.rewrite(name for job in jobs for name in job.targets)
    names = [source.name for source, _ in named_sources] + [target]
    in_process = any(storage.protocol_of(name) == "memory" for name in names)
    ledger = batch.Ledger(jobs, unit, skipped, progress)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    try:
        if jobs:
            with cluster.opened(client, workers, in_process=in_process) as found:
                if in_process:
                    cluster.check_shares_memory(found)
                is_own = client is None and not in_process
                ready = cluster.ready(found, keys=keys, options=options, is_own=is_own)
                with ledger.bar:
                    batch.run(make_plan(ready, digest), jobs, ledger, ready.client)
    finally:
        if log is not None:
            head = {"fastsal": __version__, "started": started, "target": target, **what}
            text = ledger.report().to_json(**head)
            storage.write_whole(str(log), text.encode(), stored)
    kept.load()
    kept.rewrite()
    kept.remove_parts(digest, {job.source.digest for job in jobs})
    return ledger.report()


def _absolute(target: str) -> str:
    """Return a name of the folder of outputs that is the same on all workers."""
    if not target:
        raise ValueError("`target` must be a folder; got an empty name")
    return target if storage.is_url(target) else storage.local_path(target)


def _check_names(
    named_sources: Named,
    target: str,
    error: type[FastsalError],
) -> None:
    """Refuse outputs of one name, and outputs that would replace a source."""
    first: dict[str, Source] = {}
    inputs = {source.name for source, _ in named_sources}
    for source, names in named_sources:
        for name in names:
            if name in first:
                raise error(
                    f"{first[name].given} and {source.given} would both be written to {name}; "
                    "rename one of them or use two folders"
                )
            first[name] = source
            if storage.joined_name(target, name) in inputs:
                raise error(f"{name}: would overwrite a source; choose another folder")


def _opened_records(target: str, stored: storage.Options) -> records.Records:
    """Return the records of a folder, which is made if it is missing.

    Raises
    ------
    FastsalError
        Nothing can be written there.
    """
    if not storage.is_url(target) and Path(target).exists() and not Path(target).is_dir():
        raise FastsalError(f"{target} is a file; choose a folder")
    folder = storage.Folder(storage.joined_name(target, records.FOLDER), stored)
    try:
        folder.make()
        folder.write("writable", b"fastsal keeps records of finished outputs here\n")
        found = records.Records(folder)
        found.load()
    # Missing credentials, buckets and hosts have types of many packages.
    except Exception as error:
        raise FastsalError(f"`target` must be writable: {line_of(target, error)}") from error
    return found


def _remaining(
    named_sources: Named,
    kept: records.Records,
    folder: storage.Folder,
    digest: str,
) -> tuple[list[batch.Job], list[Source]]:
    """Return the jobs without finished outputs, and the sources of the others."""
    sizes = folder.sizes() if kept.entries else {}
    jobs: list[batch.Job] = []
    skipped: list[Source] = []

    def is_finished(name: str, source: Source) -> bool:
        entry = kept.entries.get(name)
        return (
            entry is not None
            and sizes.get(name) == entry.size
            and entry.is_of(digest, source.digest, source.version)
        )

    for index, (source, names) in enumerate(named_sources):
        if all(is_finished(name, source) for name in names):
            skipped.append(source)
        else:
            jobs.append(batch.Job(index, source, names))
    return jobs, skipped
