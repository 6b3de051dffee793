"""Metrics of saliency maps: against fixations, densities of fixations, and masks of objects."""

from .density import density_map as density_map
from .distributions import cc as cc
from .distributions import information_gain as information_gain
from .distributions import kl_divergence as kl_divergence
from .distributions import nss as nss
from .distributions import similarity as similarity
from .evaluation import evaluate as evaluate
from .evaluation import evaluate_mask as evaluate_mask
from .objects import Curve as Curve
from .objects import e_measure as e_measure
from .objects import f_measure as f_measure
from .objects import mean_absolute_error as mean_absolute_error
from .objects import s_measure as s_measure
from .objects import weighted_f_measure as weighted_f_measure
from .ranking import auc as auc
from .ranking import auc_borji as auc_borji
from .ranking import auc_judd as auc_judd
from .ranking import auc_shuffled as auc_shuffled
from .transport import emd as emd

__all__ = [
    "Curve",
    "auc",
    "auc_borji",
    "auc_judd",
    "auc_shuffled",
    "cc",
    "density_map",
    "e_measure",
    "emd",
    "evaluate",
    "evaluate_mask",
    "f_measure",
    "information_gain",
    "kl_divergence",
    "mean_absolute_error",
    "nss",
    "s_measure",
    "similarity",
    "weighted_f_measure",
]
