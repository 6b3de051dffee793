"""Report of a batch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class BatchReport:
    """Report of `map_images` and `map_videos`.

    Attributes
    ----------
    done : list of str or Path
        Sources that were processed, in the order of the sources.
    skipped : list of str or Path
        Sources that an earlier run had processed with the same method and options.
    failed : list of (str or Path, str)
        Sources without an output, each with a message of one line.
    seconds : float
        Time from the first task to the last result.
    files_per_second : float
        Processed files per second; 0 if there were none.
    workers : dict
        Number of processed files by the address of the worker.
    """

    done: list[str | Path] = field(default_factory=list)
    skipped: list[str | Path] = field(default_factory=list)
    failed: list[tuple[str | Path, str]] = field(default_factory=list)
    seconds: float = 0.0
    workers: dict[str, int] = field(default_factory=dict)

    @property
    def files_per_second(self) -> float:
        """Processed files per second; 0 if there were none."""
        return len(self.done) / self.seconds if self.done and self.seconds > 0 else 0.0

    def to_json(self, **more: Any) -> str:
        """Return the report as JSON, with more entries in front."""
        content = {
            **more,
            "seconds": round(self.seconds, 3),
            "files_per_second": round(self.files_per_second, 3),
            "counts": {name: len(getattr(self, name)) for name in ("done", "skipped", "failed")},
            "workers": self.workers,
            "done": self.done,
            "skipped": self.skipped,
            "failed": self.failed,
        }
        return json.dumps(content, indent=1, default=str)
