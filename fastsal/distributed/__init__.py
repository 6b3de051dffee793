"""Many images or videos on a Dask cluster, on files here or on object storage.

`map_images` and `map_videos` run a method over files and write one output per file. They need
``pip install distributed fsspec``. Stacks of images in a Dask array need no function of this
module: ``dask.array.map_blocks`` calls the functions of `fastsal` on each block.

Examples
--------
Every block of a stack holds whole images, and the maps lose the axis of the channels.

>>> import fastsal
>>> import numpy as np
>>> stack = np.random.default_rng(0).integers(0, 256, (8, 60, 80, 3), dtype=np.uint8)
>>> fastsal.luminance_contrast(stack).shape
(8, 60, 80)
>>> import dask.array as da  # doctest: +SKIP
>>> blocks = da.from_array(stack, chunks=(2, 60, 80, 3))  # doctest: +SKIP
>>> maps = da.map_blocks(  # doctest: +SKIP
...     fastsal.luminance_contrast, blocks, dtype="float32", drop_axis=3
... )
>>> maps.compute().shape  # doctest: +SKIP
(8, 60, 80)
"""

from .api import map_images as map_images
from .api import map_videos as map_videos
from .report import BatchReport as BatchReport

__all__ = ["BatchReport", "map_images", "map_videos"]
