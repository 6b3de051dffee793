"""A decoder of frames from a list, in the place of a file's."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest

from fastsal.io import video_reader


class FakeDecoder:
    """Gives frames at a steady rate; the last line of `fault` is for the end."""

    def __init__(
        self,
        frames: Iterable[np.ndarray],
        frame_count: int | None = None,
        fps: float = 10.0,
        fault: str = "",
    ) -> None:
        self.left = iter(frames)
        self.frame_count = frame_count
        self.fps = fps
        self.sample_aspect_ratio = Fraction(1)
        self.reason = fault
        self.index = -1
        self.closed = False

    def advance(self) -> float | None:
        self.frame = next(self.left, None)
        self.index += 1
        return None if self.frame is None else self.index / (self.fps or 30.0)

    def picture(self) -> np.ndarray:
        assert self.frame is not None
        return self.frame

    def fault(self) -> str:
        return self.reason

    def close(self) -> None:
        self.closed = True


def install(
    monkeypatch: pytest.MonkeyPatch, decoder: FakeDecoder, *, is_file: bool = True
) -> FakeDecoder:
    """Let every VideoReader read from a decoder."""
    monkeypatch.setattr(video_reader, "open_decoder", lambda source, fps=None: decoder)
    monkeypatch.setattr(video_reader, "is_file", lambda source: is_file)
    return decoder
