"""Self-tuning background subtraction (BinWang 2014)."""

from .api import BinWang as BinWang
from .api import BinWangMaps as BinWangMaps
