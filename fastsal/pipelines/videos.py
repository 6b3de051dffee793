"""Reading and writing videos: the door to the reader and the writer."""

from fastsal.pipelines.video_files import CODECS, check_target
from fastsal.pipelines.video_reader import VideoReader
from fastsal.pipelines.video_writer import VideoWriter

__all__ = ["CODECS", "VideoReader", "VideoWriter", "check_target"]
