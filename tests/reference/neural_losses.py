"""The losses of the three networks, term by term, in NumPy with loops over samples."""

import numpy as np


def tased(saliency, density):
    """Both divided by the sum of the batch."""
    p, t = saliency / saliency.sum(), density / density.sum()
    eps = np.finfo(float).eps
    return float(sum(b * np.log(eps + b / (a + eps)) for a, b in zip(p.flat, t.flat, strict=True)))


def kl(p, t):
    p, t = p / p.max(), t / t.max()
    p, t = p / p.sum(), t / t.sum()
    return float(
        sum(b * np.log(b / (a + 1e-7) + 1e-7) for a, b in zip(p.flat, t.flat, strict=True))
    )


def cc(p, t):
    return float(np.corrcoef(p.ravel(), t.ravel())[0, 1])


def nss(p, fixations):
    if not (fixations > 0).any():
        return 0.0
    return float(((p - p.mean()) / p.std())[fixations > 0].mean())


def sim(p, t):
    p, t = p / p.sum(), t / t.sum()
    return float(sum(min(a, b) for a, b in zip(p.flat, t.flat, strict=True)))


def stra_net(outputs, density, fixations):
    samples = [
        sum(
            10 * kl(p[i], density[i])
            - 2 * cc(p[i], density[i])
            - nss(p[i], fixations[i])
            - sim(p[i], density[i])
            for p in outputs
        )
        for i in range(len(density))
    ]
    return float(np.mean(samples))


def stavis(logits, density, fixations):
    samples = []
    for x, t, seen in zip(logits, density, fixations, strict=True):
        p = 1 / (1 + np.exp(-x))
        entropy = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum()
        samples.append(0.1 * entropy - 2 * cc(p, t) - nss(p, seen))
    return float(np.mean(samples))
