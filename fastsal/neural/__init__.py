"""Video saliency networks, run from their authors' checkpoint files.

`tased`, `stra_net` and `stavis` return a `VideoNetwork`, which gives maps of whole videos
(``predict``) or of frames as they come (``update``). They need PyTorch, which is imported when a
network is made. Nothing is downloaded: the files come from the pages of the authors.
"""

from typing import TYPE_CHECKING, Any

from .api import stavis as stavis
from .api import stra_net as stra_net
from .api import tased as tased

if TYPE_CHECKING:
    from .network import VideoNetwork as VideoNetwork

__all__ = ["VideoNetwork", "stavis", "stra_net", "tased"]


def __getattr__(name: str) -> Any:
    if name == "VideoNetwork":
        from .network import VideoNetwork

        return VideoNetwork
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
