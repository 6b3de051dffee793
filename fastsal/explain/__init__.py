"""Explanation maps: which parts of an input decide the score of a neural network.

A model is a `torch.nn.Module`, or a callable of PAIR's contract, which returns a dictionary of
arrays: ``model(batch, call_model_args=..., expected_keys=[...])``. `fastsal.explain.pair` is a
drop-in for ``saliency.core``.

Modules are evaluated in evaluation mode, on their device and in their dtype. Their training flags,
gradients, hooks, buffers and the random generators are unchanged afterwards, also after an error
or Ctrl-C. Explanations of modules run one at a time, also from several threads. Segmentation,
ranking and the order of steps run on the host.
"""

from .activations import grad_cam as grad_cam
from .gradients import gradient as gradient
from .gradients import integrated_gradients as integrated_gradients
from .gradients import smooth_grad as smooth_grad
from .heatmaps import element_scores as element_scores
from .heatmaps import heatmap as heatmap
from .occlusions import occlusion as occlusion
from .paths import blur_ig as blur_ig
from .paths import guided_ig as guided_ig
from .segments import XraiDetails as XraiDetails
from .segments import xrai as xrai

__all__ = [
    "XraiDetails",
    "blur_ig",
    "element_scores",
    "grad_cam",
    "gradient",
    "guided_ig",
    "heatmap",
    "integrated_gradients",
    "occlusion",
    "smooth_grad",
    "xrai",
]
