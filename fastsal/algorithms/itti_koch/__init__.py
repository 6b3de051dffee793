"""Itti-Koch saliency."""

from .api import itti_koch as itti_koch
from .options import IttiOptions as IttiOptions
