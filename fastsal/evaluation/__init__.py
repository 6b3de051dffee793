"""Any method, or any model's maps, scored on a data set."""

from .api import evaluate
from .result import Evaluation

__all__ = ["Evaluation", "evaluate"]
