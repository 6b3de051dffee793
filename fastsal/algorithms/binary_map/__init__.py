"""Binary maps, and boxes around salient regions."""

from ._draws import state_of_seed as state_of_seed
from .api import binary_map as binary_map
from .api import opencv_binary_map as opencv_binary_map
from .boxes import salient_boxes as salient_boxes
