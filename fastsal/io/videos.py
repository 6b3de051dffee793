"""Reading and writing videos: the reader and the writer."""

from .encoders import CODECS
from .video_files import check_target
from .video_reader import VideoReader
from .video_writer import VideoWriter

__all__ = ["CODECS", "VideoReader", "VideoWriter", "check_target"]
