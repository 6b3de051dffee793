"""Videos: whole ones, and long ones in parts that several workers process."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import FastsalError
from ..io.encoders import has_av
from ..io.reasons import line_of
from ..registry import METHODS
from . import records, storage
from .batch import Job, Ledger, Task
from .threads import kernel_threads, worker_address

SHORTEST_PART = 30.0  # seconds; a part decodes the frames before it too


class Answer(NamedTuple):
    """Result of one step of a video."""

    worker: str
    message: str = ""  # why it failed
    bounds: tuple[float, ...] = ()  # in seconds, of the parts that the video should have


@dataclass(frozen=True)
class VideoWork:
    """Everything that is equal for all videos of a batch."""

    keys: tuple[str, ...]
    options: Mapping[str, Any]
    look: Mapping[str, Any]  # view, alpha, colormap, start, end and resize of `process_video`
    folder: str
    settings: str  # digest, for the records
    threads: int  # of a kernel
    most_parts: int
    storage_options: storage.Options
    shortest_part: float

    def whole(self, job: Job, *, may_split: bool) -> Answer:
        """Write the output of a video, or return the bounds of the parts it should have."""
        with self._answering(job) as answers, self._folder() as folder:
            made = folder / "whole.mp4"
            with self._source(job, folder) as source:
                bounds = self._bounds(source) if may_split else ()
                if bounds:
                    return Answer(worker_address(), bounds=bounds)
                self._write(source, made, self.look["start"], self.look["end"])
            self._store(job, made)
        return answers[0]

    def part(self, job: Job, index: int, bounds: tuple[float, ...]) -> Answer:
        """Write one part of a video beside the records, unless an earlier run has."""
        with self._answering(job) as answers:
            if index in self._parts(job, bounds):
                return Answer(worker_address())
            with self._folder() as folder:
                made = folder / "part.mp4"
                start = bounds[index] if index else self.look["start"]
                end = bounds[index + 1] if index + 2 < len(bounds) else self.look["end"]
                with self._source(job, folder) as source:
                    first = self._write(source, made, start, end)
                name = f"{self._prefix(job, bounds)}{index:04}-{round(first * 1e6)}.mp4"
                storage.upload(made, self._hidden(name), self.storage_options)
        return answers[0]

    def join(self, job: Job, bounds: tuple[float, ...]) -> Answer:
        """Write the output of a video from its parts."""
        from ..io.joining import join_parts

        with self._answering(job) as answers, ExitStack() as files:
            folder = files.enter_context(self._folder())
            parts = self._parts(job, bounds)
            copies = []
            for index in range(len(bounds) - 1):
                name, moment = parts[index]
                copy = storage.local_copy(self._hidden(name), folder, self.storage_options)
                copies.append((Path(files.enter_context(copy)), moment))
            source = files.enter_context(self._source(job, folder))
            made = folder / "joined.mp4"
            start, end = self.look["start"], self.look["end"]
            join_parts(copies, made, source, is_cut=bool(start), has_end=end is not None)
            self._store(job, made)
        return answers[0]

    def _write(self, source: str, made: Path, start: float | None, end: float | None) -> float:
        """Write the frames of a range, and return when the first of them stands."""
        from ..pipelines.video import convert_video, network_of, renderer_of
        from ..stream import Stream

        names = ("view", "alpha", "colormap", "resize")
        view, alpha, colormap, resize = (self.look[name] for name in names)
        with kernel_threads(self.threads):
            streams = {key: Stream(key, color="bgr", **self.options) for key in self.keys}
            report = convert_video(
                source, made, lambda size: renderer_of(streams, size, view, alpha, colormap),
                network=network_of(streams, view, alpha, colormap), label="", progress=False,
                start=start, end=end, resize=resize, keeps_part=False,
            )  # fmt: skip
        return report.starts_at

    def _bounds(self, source: str) -> tuple[float, ...]:
        """Return the bounds of parts, between frames; none if the video takes one task."""
        from ..io.video_reader import VideoReader

        if self.most_parts < 2 or not has_av() or not splits(self.keys, self.options):
            return ()
        start, end = self.look["start"], self.look["end"]
        with VideoReader(source, start=start, end=end) as reader:
            count, fps = reader.frame_count or 0, reader.fps
            begin = reader.starts_at
        parts = min(self.most_parts, int(count / fps / self.shortest_part))
        if parts < 2:
            return ()
        inner = [begin + (round(count * i / parts) - 0.5) / fps for i in range(1, parts)]
        return (begin, *inner, begin + count / fps)

    def _store(self, job: Job, made: Path) -> None:
        (name,) = job.targets
        size = made.stat().st_size
        storage.upload(made, storage.joined_name(self.folder, name), self.storage_options)
        source = job.source
        entry = records.Entry(self.settings, source.digest, source.version, size)
        records.add(storage.Folder(self._hidden(""), self.storage_options), {name: entry})

    def _parts(self, job: Job, bounds: tuple[float, ...]) -> dict[int, tuple[str, float]]:
        """Return the name and the first moment of the parts that are there, by index."""
        prefix = self._prefix(job, bounds)
        found = {}
        for name in storage.Folder(self._hidden(""), self.storage_options).sizes():
            if name.startswith(prefix):
                index, moment = name.removeprefix(prefix).removesuffix(".mp4").split("-")
                found[int(index)] = name, int(moment) / 1e6
        return found

    def _prefix(self, job: Job, bounds: tuple[float, ...]) -> str:
        what = hashlib.sha256(f"{job.targets}{job.source.version}{bounds}".encode()).hexdigest()
        return f"{records.PART}{self.settings}-{job.source.digest}-{what[:8]}-"

    def _hidden(self, name: str) -> str:
        folder = storage.joined_name(self.folder, records.FOLDER)
        return storage.joined_name(folder, name) if name else folder

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        from distributed import get_worker

        # Dask removes the folders of workers that have been killed.
        with tempfile.TemporaryDirectory(dir=get_worker().local_directory) as name:
            yield Path(name)

    @contextmanager
    def _source(self, job: Job, folder: Path) -> Iterator[str]:
        """Yield a local path of the source; errors name the source, not a temporary copy."""
        with storage.local_copy(job.source.name, folder, self.storage_options) as local:
            try:
                yield local
            except FastsalError as error:
                error.args = (str(error).replace(local, str(job.source.given)),)
                raise

    @contextmanager
    def _answering(self, job: Job) -> Iterator[list[Answer]]:
        """Yield a list that then holds the answer: a success, or the reason of a failure."""
        answers = [Answer(worker_address())]
        try:
            yield answers
        # An error in one file must not stop the others.
        except Exception as error:
            message = line_of(str(job.source.given), error)
            answers[0] = Answer(worker_address(), message)


def splits(keys: Sequence[str], options: Mapping[str, Any]) -> bool:
    """Return whether the map of a frame depends on this frame alone."""
    return all(METHODS[key].is_independent(options) for key in keys)


@dataclass
class VideoPlan:
    """A task for each video; a long one then gets a task for each part, and one to join them."""

    work: VideoWork
    _missing: dict[int, set[int]] = field(default_factory=dict)  # parts, by job

    def first(self, jobs: Sequence[Job]) -> Iterator[Task]:
        """Yield a task per video, in their order."""
        for job in jobs:
            yield self._whole(job, may_split=True)

    def after(self, task: Task, result: Answer, ledger: Ledger) -> Iterator[Task]:
        """Return the tasks that follow from an answer."""
        (job,) = task.jobs
        if result.message:
            yield from self._again(task, result.message, ledger, avoid=result.worker)
        elif result.bounds:
            indices = range(len(result.bounds) - 1)
            self._missing[job.number] = set(indices)
            for index in indices:
                yield Task(_part, (self.work, job, index, result.bounds), (job,), f"part-{index}")
        elif not task.step.startswith("part"):
            self._missing.pop(job.number, None)
            ledger.finish(job, result.worker)
        elif job.number in self._missing:  # not given up meanwhile
            _, _, index, bounds = task.arguments
            self._missing[job.number].discard(index)
            if not self._missing[job.number]:
                yield Task(_join, (self.work, job, bounds), (job,), "join")

    def after_fault(self, task: Task, fault: str, ledger: Ledger) -> Iterator[Task]:
        """Try a video again after its workers have ended."""
        yield from self._again(task, f"{task.jobs[0].source.given}: {fault}", ledger, avoid="")

    def _again(self, task: Task, message: str, ledger: Ledger, avoid: str) -> Iterator[Task]:
        (job,) = task.jobs
        if task.step == "whole":
            if ledger.may_retry(job):
                yield self._whole(job, may_split=False, avoid=avoid)
            else:
                ledger.fail(job, message)
        elif job.number in self._missing:
            if not task.avoid:
                yield task._replace(avoid=avoid or "none")
            else:  # the whole video gives the best error message
                del self._missing[job.number]
                yield self._whole(job, may_split=False)

    def _whole(self, job: Job, *, may_split: bool, avoid: str = "") -> Task:
        return Task(_whole, (self.work, job, may_split), (job,), "whole", avoid)


def _whole(work: VideoWork, job: Job, may_split: bool) -> Answer:
    return work.whole(job, may_split=may_split)


def _part(work: VideoWork, job: Job, index: int, bounds: tuple[float, ...]) -> Answer:
    return work.part(job, index, bounds)


def _join(work: VideoWork, job: Job, bounds: tuple[float, ...]) -> Answer:
    return work.join(job, bounds)
