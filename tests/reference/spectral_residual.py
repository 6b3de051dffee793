"""Spectral residual step by step in NumPy, as OpenCV computes it, on one grey image."""

import numpy as np

PHASE = (0.9997878412794807, -0.3258083974640975, 0.1555786518463281, -0.04432655552792128)


def places(source, target):
    """Return where the centres of `target` pixels lie among `source` pixels, in their indices."""
    return (np.arange(target) + 0.5) * (1 / (target / source)) - 0.5


def taps(source, target, bits):
    """Return a matrix (target, source) that interpolates, its weights in units of 2**-bits."""
    matrix = np.zeros((target, source))
    for row, place in enumerate(places(source, target)):
        first = int(np.floor(place))
        share = place - first
        if bits:
            share = np.rint(share * 2**bits) / 2**bits
        if first < 0 or first >= source - 1:
            first, share = min(max(first, 0), source - 1), 0.0
        matrix[row, first] = 1 - share
        if share:
            matrix[row, first + 1] = share
    return matrix


def resized(gray, shape):
    """Return `gray` in another shape: integers by fixed-point weights and rounded, floats not."""
    bits = 0 if gray.dtype.kind == "f" else 8 * gray.itemsize
    down, across = (taps(*pair, bits) for pair in zip(gray.shape, shape, strict=True))
    result = down @ gray.astype(np.float64) @ across.T
    return result.astype(np.float32).astype(np.float64) if not bits else np.floor(result + 0.5)


def without_noise(spectrum):
    """Return a spectrum with 0 where terms cancel: rounding errors would have a random phase."""
    least = 1e-14 * abs(spectrum[0, 0])
    real, imag = (np.where(abs(part) < least, 0, part) for part in (spectrum.real, spectrum.imag))
    return real + 1j * imag


def magnitude(values):
    real, imag = values.real.astype(np.float32), values.imag.astype(np.float32)
    return np.sqrt(np.float64(real) ** 2 + np.float64(imag) ** 2).astype(np.float32)


def angle(values):
    """Return the phase by OpenCV's polynomial in degrees, right to 1e-4."""
    real, imag = values.real.astype(np.float32), values.imag.astype(np.float32)
    wide, high = np.abs(real), np.abs(imag)
    ratio = np.minimum(wide, high) / (np.maximum(wide, high) + np.float32(2.220446e-16))
    degrees = [np.float64(np.float32(p) * np.float32(180 / np.pi)) for p in PHASE]
    total = np.float64(0)
    for factor in degrees[::-1]:
        total = np.float32(total * np.float64(ratio * ratio) + factor).astype(np.float64)
    result = np.float32(total) * ratio
    result = np.where(high > wide, np.float32(90) - result, result)
    result = np.where(real < 0, np.float32(180) - result, result)
    result = np.where(imag < 0, np.float32(360) - result, result)
    return (result * np.float32(np.pi / 180)).astype(np.float64)


def mirrored(values, margin):
    rows, cols = values.shape
    across = [np.abs(np.arange(-margin, side + margin)) for side in (rows, cols)]
    for index, side in zip(across, (rows, cols), strict=True):
        period = max(2 * side - 2, 1)
        index %= period
        index[:] = np.minimum(index, period - index) if side > 1 else 0
    return values[np.ix_(*across)]


def filtered(values, kernel):
    """Return `values` convolved with `kernel` along both axes, mirrored at the borders."""
    padded = mirrored(values, len(kernel) // 2)
    rows, cols = values.shape
    down = sum(weight * padded[i : i + rows] for i, weight in enumerate(kernel))
    return sum(weight * down[:, i : i + cols] for i, weight in enumerate(kernel))


def spectral_residual(gray, size=(64, 64)):
    """Return the map of a grey image."""
    spectrum = without_noise(np.fft.fft2(resized(gray, size)))
    logs = np.log(magnitude(spectrum).astype(np.float64) + 1)
    residual = np.exp(logs - filtered(logs, [1 / 3, 1 / 3, 1 / 3]))
    back = np.fft.ifft2(residual * np.exp(1j * angle(spectrum))) * spectrum.size
    bell = np.exp(-(np.arange(-2, 3) ** 2) / 128)
    blurred = filtered(magnitude(back).astype(np.float64), bell / bell.sum())
    squares = blurred**2
    return resized((squares / squares.max()).astype(np.float32), gray.shape).astype(np.float32)
