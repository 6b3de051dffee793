"""Images: the work of a task on some of them, and the division of a batch into tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..io.reasons import line_of
from ..render.image_views import ImageLook
from ..stream import Stream
from . import records, storage
from .batch import Job, Ledger, Task
from .threads import kernel_threads, worker_address

_MOST_FILES = 32  # of a task: the scheduler needs about a millisecond for each task
_MOST_BYTES = 4_000_000  # of the files of a task, so that a task takes about a second
_TASKS_PER_THREAD = 8  # so that all threads end at about the same time


class Outcome(NamedTuple):
    """Results of some jobs on one worker."""

    worker: str
    messages: list[str]  # one per job, empty for a success


@dataclass(frozen=True)
class ImageWork:
    """Everything that is equal for all images of a batch."""

    keys: tuple[str, ...]
    options: Mapping[str, Any]
    look: ImageLook
    folder: str
    settings: str  # digest, for the records
    threads: int  # of a kernel
    storage_options: storage.Options

    def __call__(self, jobs: Sequence[Job]) -> Outcome:
        """Write the outputs of some images, on a worker."""
        entries: dict[str, records.Entry] = {}
        messages = []
        streams: dict[str, Stream] = {}
        with kernel_threads(self.threads):
            for job in jobs:
                try:
                    entries |= self._outputs(job, streams)
                    messages.append("")
                # An error in one file must not stop the others.
                except Exception as error:
                    messages.append(line_of(str(job.source.given), error))
        if entries:
            records.add(self._records, entries)
        return Outcome(worker_address(), messages)

    @property
    def _records(self) -> storage.Folder:
        hidden = storage.joined_name(self.folder, records.FOLDER)
        return storage.Folder(hidden, self.storage_options)

    def _outputs(self, job: Job, streams: dict[str, Stream]) -> dict[str, records.Entry]:
        from ..io.pictures import ImageFile, encode_image

        source = job.source
        is_url = storage.is_url(source.name)
        data = storage.read(source.name, self.storage_options) if is_url else None
        frame = ImageFile(source.name, data).read(background=self.look.background)
        found = {}
        for key in self.keys:
            if key not in streams:
                streams[key] = Stream(key, **self.options)
        pictures = self.look.pictures(frame, streams)
        for name, (_, _, picture) in zip(job.targets, pictures, strict=True):
            target = storage.joined_name(self.folder, name)
            encoded = encode_image(Path(name), picture)
            storage.write_whole(target, encoded, self.storage_options)
            found[name] = records.Entry(self.settings, source.digest, source.version, len(encoded))
        return found


@dataclass
class ImagePlan:
    """Tasks of several images each; an image that fails is tried once more, elsewhere."""

    work: ImageWork
    threads: int  # of the cluster

    def first(self, jobs: Sequence[Job]) -> Iterator[Task]:
        """Yield tasks of files in their order."""
        most = max(1, min(_MOST_FILES, len(jobs) // (_TASKS_PER_THREAD * self.threads)))
        batch: list[Job] = []
        size = 0
        for job in jobs:
            if batch and (len(batch) == most or size + job.source.size > _MOST_BYTES):
                yield self._task(batch)
                batch, size = [], 0
            batch.append(job)
            size += job.source.size
        if batch:
            yield self._task(batch)

    def after(self, task: Task, result: Outcome, ledger: Ledger) -> Iterator[Task]:
        """Note the outcome of each file."""
        for job, message in zip(task.jobs, result.messages, strict=True):
            if not message:
                ledger.finish(job, result.worker)
            elif ledger.may_retry(job):
                yield self._task([job], avoid=result.worker)
            else:
                ledger.fail(job, message)

    def after_fault(self, task: Task, fault: str, ledger: Ledger) -> Iterator[Task]:
        """Try each file of a task alone, to find the one that ends workers."""
        for job in task.jobs:
            if len(task.jobs) > 1 or ledger.may_retry(job):
                yield self._task([job])._replace(is_alone=True)
            else:
                ledger.fail(job, f"{job.source.given}: {fault}")

    def _task(self, jobs: Iterable[Job], avoid: str = "") -> Task:
        chosen = tuple(jobs)
        return Task(self.work, (chosen,), chosen, "images", avoid)
