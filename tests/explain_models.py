"""The recorded models as callables of PAIR's contract."""

import numpy as np
from reference.explain_models import SinQuad, TinyCNN

from fastsal.explain import pair


class Callable:
    """A model with gradients, scores and a layer; it keeps the sizes of its batches."""

    def __init__(self, model, target):
        self.model, self.target, self.batches = model, target, []

    def __call__(self, batch, call_model_args=None, expected_keys=None):
        self.batches.append(len(batch))
        target = self.target if call_model_args is None else call_model_args["target"]
        found = {}
        for key in expected_keys:
            if key == pair.INPUT_OUTPUT_GRADIENTS:
                found[key] = self.model.grad(batch, target)
            elif key == pair.OUTPUT_LAYER_VALUES:
                found[key] = self.model.value(batch, target)
            else:
                _, cache = self.model.forward(np.asarray(batch, float))
                _, gradients, _ = self.model.backward(cache, target)
                is_values = key == pair.CONVOLUTION_LAYER_VALUES
                found[key] = cache[4] if is_values else gradients
        return found


def sinquad(target=1, shape=(24, 20, 3)):
    return Callable(SinQuad(shape), target)


def tinycnn(target=2):
    return Callable(TinyCNN(), target)
