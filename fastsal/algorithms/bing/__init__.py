"""Objectness by binarised normed gradients (BING)."""

from .api import bing as bing
from .api import ranked_boxes as ranked_boxes
from .model import DEFAULT_FOLDER as DEFAULT_FOLDER
from .model import SPACES as SPACES
from .model import BingModel as BingModel
from .streams import BingMaps as BingMaps
from .train import train_bing as train_bing
