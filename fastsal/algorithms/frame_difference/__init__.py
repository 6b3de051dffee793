"""Frame differencing: changes since the previous frame."""

from .api import FrameDifference as FrameDifference
from .api import frame_difference as frame_difference
