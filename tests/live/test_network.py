"""Streams from URLs."""

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from video_samples import drawn, write_video

from fastsal.errors import VideoError
from fastsal.io import opencv_decoder, video_decoders
from fastsal.io.video_reader import VideoReader
from fastsal.live.sources import open_live

pytestmark = pytest.mark.timeout(120)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Serve a progressive and an interlaced video."""
    write_video(tmp_path / "plain.mkv", "mpeg2video")
    write_video(tmp_path / "interlaced.mkv", "mpeg2video", interlaced=True)
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def is_drawn(frames: list[np.ndarray]) -> bool:
    pairs = ((frame.astype(int), drawn(index)) for index, frame in enumerate(frames))
    return all(np.abs(frame - expected).mean() < 8 for frame, expected in pairs)


def frames_of(source: Any) -> list[np.ndarray]:
    frames = []
    try:
        while (frame := source.read()) is not None:
            frames.append(frame)
    finally:
        source.close()
    return frames


@pytest.mark.parametrize("name", ["plain.mkv", "interlaced.mkv"])
def test_stream_by_pyav(url: str, name: str) -> None:
    frames = frames_of(open_live(f"{url}/{name}"))
    assert len(frames) == 20
    assert is_drawn(frames)
    with VideoReader(f"{url}/{name}") as reader:
        assert is_drawn(list(reader))


@pytest.mark.parametrize("name", ["plain.mkv", "interlaced.mkv"])
def test_stream_by_opencv(url: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_decoders, "has_av", lambda: False)
    if name == "interlaced.mkv" and not opencv_decoder.converts_interlaced():
        with pytest.raises(VideoError, match="cannot convert interlaced video"):
            frames_of(open_live(f"{url}/{name}"))
        return
    frames = frames_of(open_live(f"{url}/{name}"))
    assert len(frames) == 20
    assert is_drawn(frames)


def test_no_stream(url: str) -> None:
    with pytest.raises(VideoError, match=r"none\.ts: the stream cannot be opened"):
        open_live(f"{url}/none.ts")
