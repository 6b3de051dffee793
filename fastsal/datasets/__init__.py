"""Data sets of eye movements, read from the files as their authors distribute them.

`open_dataset` reads CAT2000, EyeTrackUAV2, CrowdFix, SAVAM, OSIE and plain folders. Nothing is
downloaded. `fixations_from_gaze` finds the fixations in a raw recording of an eye tracker.
"""

from .dataset import Dataset, Summary
from .gaze import fixations_from_gaze
from .masks import open_masks
from .opening import open_dataset
from .sample import Sample

__all__ = ["Dataset", "Sample", "Summary", "fixations_from_gaze", "open_dataset", "open_masks"]
