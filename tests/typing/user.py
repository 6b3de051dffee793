"""A user's script, which `mypy tests/typing` checks: an expected error must occur."""

import numpy as np

import fastsal

image = np.zeros((48, 64, 3), np.uint8)
saliency = fastsal.boolean_map(image, size=32)
picture = fastsal.overlay(image, saliency)
stream = fastsal.Stream("frame-difference", threshold=20)
fastsal.opencv.StaticSaliencyFineGrained_create()
fastsal.bolean_map(image)  # type: ignore[attr-defined]
fastsal.boolean_map(image, siz=32)  # type: ignore[call-arg]
fastsal.boolean_map(image, color="gbr")  # type: ignore[arg-type]
