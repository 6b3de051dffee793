"""Motion saliency: optical flow against the camera's motion."""

from .api import flow_saliency as flow_saliency
from .streams import FlowSaliency as FlowSaliency
