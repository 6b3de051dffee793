"""Gaussian pyramids of intensity and two opponent colours, and oriented filters of each level."""

from numba import cuda, float32, int32

from ...kernels.borders import reflect
from ...kernels.color._formulas import lab_of_srgb
from ...kernels.jit import device, kernel
from ._formulas import binomial, intensity, opponents, symmetric, window

TILE = 64  # pixels of scale 2 in a row that a block makes
_LINE = (4 * TILE + 6) * 4  # values of the image's rows that these take


@kernel
def shrink(pixels, layout, width, unit, sizes, planes, bright):
    """Fill scale 2 of red, green, blue and intensity, and raise `bright` to its greatest.

    A block adds up ten rows of the image, then takes ten of the sums for each pixel.
    """
    line = cuda.shared.array(_LINE, float32)
    maximum = cuda.shared.array(1, float32)
    channels = int32(layout[0])
    unit = float32(unit * float32(1 / 64**2))
    frames, size = pixels.shape
    height = int32(size // (width * channels))
    rows, cols = sizes[0, 0], sizes[0, 1]
    first = int32(cuda.blockIdx.x * TILE)
    frame = cuda.blockIdx.z
    while frame < frames:
        if cuda.threadIdx.x == 0:
            maximum[0] = float32(0)
        row = int32(cuda.blockIdx.y)
        while row < rows:
            cuda.syncthreads()
            x = int32(cuda.threadIdx.x)
            while x < (4 * TILE + 6) * channels:
                pixel = x // channels
                col = reflect(4 * first - 3 + pixel, width)
                at = int32(col * channels + (x - pixel * channels))
                line[x] = _down(pixels[frame], at, int32(width * channels), 4 * row - 3, height)
                x += cuda.blockDim.x
            cuda.syncthreads()
            x = int32(cuda.threadIdx.x)
            while x < TILE and first + x < cols:
                at = row * cols + first + x
                level = _fill_pixel(line, 4 * x, layout, unit, planes[frame], at)
                cuda.atomic.max(maximum, 0, level)
                x += cuda.blockDim.x
            row += cuda.gridDim.y
        cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            cuda.atomic.max(bright, frame, maximum[0])
        cuda.syncthreads()
        frame += cuda.gridDim.z


@kernel
def average(pixels, channels, width, side, unit, small):
    """Fill with means of squares of pixels, in levels of 255; the last are cut."""
    cols = int32(-(-width // side))
    size = int32(width * channels)
    height = int32(pixels.shape[1] // size)
    i, frame = int32(cuda.grid(1)), cuda.blockIdx.z
    if i >= small.shape[1]:
        return
    row = i // (cols * int32(channels))
    x = i - row * cols * int32(channels)
    col = x // int32(channels)
    first, last = col * int32(side), min((col + 1) * int32(side), int32(width))
    top, bottom = row * int32(side), min((row + 1) * int32(side), height)
    channel = x - col * int32(channels)
    total = float32(0)
    for y in range(top, bottom):
        for pixel in range(first, last):
            total += float32(pixels[frame, y * size + pixel * int32(channels) + channel])
    small[frame, i] = total * (unit / float32((bottom - top) * (last - first)))


@device
def _down(pixels, at, size, first, height):
    """Return ten values of a column under the window."""
    return window(
        pixels[at + size * int32(reflect(first, height))],
        pixels[at + size * int32(reflect(first + 1, height))],
        pixels[at + size * int32(reflect(first + 2, height))],
        pixels[at + size * int32(reflect(first + 3, height))],
        pixels[at + size * int32(reflect(first + 4, height))],
        pixels[at + size * int32(reflect(first + 5, height))],
        pixels[at + size * int32(reflect(first + 6, height))],
        pixels[at + size * int32(reflect(first + 7, height))],
        pixels[at + size * int32(reflect(first + 8, height))],
        pixels[at + size * int32(reflect(first + 9, height))],
    )


@device
def _across(line, pixel, channel, channels, unit):
    at, step = pixel * channels + channel, channels
    total = window(
        line[at], line[at + step], line[at + 2 * step], line[at + 3 * step], line[at + 4 * step],
        line[at + 5 * step], line[at + 6 * step], line[at + 7 * step], line[at + 8 * step],
        line[at + 9 * step],
    )  # fmt: skip
    return total * unit


@device
def _fill_pixel(line, pixel, layout, unit, planes, at):
    channels, red, green, blue = layout
    if channels == 1:
        level = _across(line, pixel, 0, 1, unit)
    else:
        r = _across(line, pixel, red, channels, unit)
        g = _across(line, pixel, green, channels, unit)
        b = _across(line, pixel, blue, channels, unit)
        planes[3, at], planes[4, at], planes[5, at] = r, g, b
        level = intensity(r, g, b)
    planes[0, at] = level
    return level


@kernel
def oppose(size, bright, planes):
    """Fill scale 2 of the colours R - G and B - Y from red, green and blue (section 2.1)."""
    at, frame = cuda.grid(1), cuda.blockIdx.z
    if at >= size:
        return
    dark = bright[frame] * float32(0.1)
    red, green, blue = planes[frame, 3, at], planes[frame, 4, at], planes[frame, 5, at]
    red_green, blue_yellow = opponents(red, green, blue, planes[frame, 0, at], dark)
    planes[frame, 1, at] = red_green
    planes[frame, 2, at] = blue_yellow


@kernel
def to_lab(size, channels, planes):
    """Fill scale 2 of intensity and the colours with CIELab of red, green and blue, or of grey."""
    at, frame = cuda.grid(1), cuda.blockIdx.z
    if at >= size:
        return
    red = green = blue = planes[frame, 0, at]
    if channels > 1:
        red, green, blue = planes[frame, 3, at], planes[frame, 4, at], planes[frame, 5, at]
    unit = float32(1 / 255)
    lightness, a, b = lab_of_srgb(red * unit, green * unit, blue * unit)
    planes[frame, 0, at] = lightness
    if channels > 1:
        planes[frame, 1, at] = a
        planes[frame, 2, at] = b


@kernel
def halve(sizes, planes):
    """Fill scales 3 to 8 of a plane, a block per plane, for each needs the last (section 2.1)."""
    plane = cuda.blockIdx.y
    frame = cuda.blockIdx.z
    level = 1
    while level < sizes.shape[0]:
        cuda.syncthreads()
        _halve_scale(planes[frame, plane], sizes, level)
        level += 1


@device
def _halve_scale(plane, sizes, level):
    rows, cols, source = sizes[level - 1, 0], sizes[level - 1, 1], sizes[level - 1, 2]
    width, target = sizes[level, 1], sizes[level, 2]
    size = sizes[level, 0] * width
    i = int32(cuda.threadIdx.x)
    while i < size:
        row = i // width
        col = i - row * width
        a = source + cols * int32(reflect(2 * row - 1, rows))
        b = source + cols * (2 * row)
        c = source + cols * int32(reflect(2 * row + 1, rows))
        d = source + cols * int32(reflect(2 * row + 2, rows))
        total = binomial(
            _column(plane, a, b, c, d, reflect(2 * col - 1, cols)),
            _column(plane, a, b, c, d, 2 * col),
            _column(plane, a, b, c, d, reflect(2 * col + 1, cols)),
            _column(plane, a, b, c, d, reflect(2 * col + 2, cols)),
        )
        plane[target + i] = total * float32(1 / 64)
        i += cuda.blockDim.x


@device
def _column(plane, a, b, c, d, col):
    return binomial(plane[a + col], plane[b + col], plane[c + col], plane[d + col])


@kernel
def filter_rows(blocks, sizes, taps, energy, planes, filtered):
    """Fill with rows under Gaussian, cosine, sine, slow cosine and slow sine."""
    level = blocks[cuda.blockIdx.x, 0]
    cols, offset = sizes[level, 1], sizes[level, 2]
    i = blocks[cuda.blockIdx.x, 1] + int32(cuda.threadIdx.x)
    if i >= sizes[level, 0] * cols:
        return
    row = i // cols
    col = i - row * cols
    start = offset + row * cols
    frame = cuda.blockIdx.z
    source = planes[frame, 0]
    middle = source[start + col]
    l1, r1 = source[start + reflect(col - 1, cols)], source[start + reflect(col + 1, cols)]
    l2, r2 = source[start + reflect(col - 2, cols)], source[start + reflect(col + 2, cols)]
    l3, r3 = source[start + reflect(col - 3, cols)], source[start + reflect(col + 3, cols)]
    l4, r4 = source[start + reflect(col - 4, cols)], source[start + reflect(col + 4, cols)]
    target = filtered[frame]
    at = offset + i
    p1, p2, p3, p4 = l1 + r1, l2 + r2, l3 + r3, l4 + r4
    target[0, at] = symmetric(_half(taps, 0), middle, p1, p2, p3, p4)
    target[1, at] = symmetric(_half(taps, 1), middle, p1, p2, p3, p4)
    target[3, at] = symmetric(_half(taps, 3), middle, p1, p2, p3, p4)
    p1, p2, p3, p4 = r1 - l1, r2 - l2, r3 - l3, r4 - l4
    target[4, at] = symmetric(_half(taps, 4), float32(0), p1, p2, p3, p4)
    if energy:
        target[2, at] = symmetric(_half(taps, 2), float32(0), p1, p2, p3, p4)


@kernel
def filter_columns(blocks, sizes, taps, energy, filtered, planes):
    """Fill the planes of orientation, Gabor responses (section 2.1), from filtered rows."""
    level = blocks[cuda.blockIdx.x, 0]
    rows, cols, offset = sizes[level, 0], sizes[level, 1], sizes[level, 2]
    i = blocks[cuda.blockIdx.x, 1] + int32(cuda.threadIdx.x)
    if i >= rows * cols:
        return
    row = i // cols
    start = offset + (i - row * cols)
    frame = cuda.blockIdx.z
    gauss, cosine, slow_cosine = filtered[frame, 0], filtered[frame, 1], filtered[frame, 3]
    slow_sine = filtered[frame, 4]
    even, excess = taps[5, 2], taps[5, 4]
    across = taps[5, 0] * _even(cosine, start, row, rows, cols, _half(taps, 0))
    down = taps[5, 0] * _even(gauss, start, row, rows, cols, _half(taps, 1))
    cosines = even * _even(slow_cosine, start, row, rows, cols, _half(taps, 3))
    cosines -= even * excess * _even(gauss, start, row, rows, cols, _half(taps, 0))
    sines = even * _odd(slow_sine, start, row, rows, cols, _half(taps, 4))
    rising, falling = cosines - sines, cosines + sines
    if energy:
        sine, straight, diagonal = filtered[frame, 2], taps[5, 1], taps[5, 3]
        across = abs(across) + abs(straight * _even(sine, start, row, rows, cols, _half(taps, 0)))
        down = abs(down) + abs(straight * _odd(gauss, start, row, rows, cols, _half(taps, 2)))
        third = diagonal * _even(slow_sine, start, row, rows, cols, _half(taps, 3))
        fourth = diagonal * _odd(slow_cosine, start, row, rows, cols, _half(taps, 4))
        rising = abs(rising) + abs(third + fourth)
        falling = abs(falling) + abs(third - fourth)
    at = offset + i
    planes[frame, 3, at], planes[frame, 4, at] = across, down
    planes[frame, 5, at], planes[frame, 6, at] = rising, falling


@device
def _half(taps, which):
    """Return a filter's taps from the middle on, as scalars."""
    return taps[which, 0], taps[which, 1], taps[which, 2], taps[which, 3], taps[which, 4]


@device
def _at(values, start, row, rows, cols):
    return values[start + cols * int32(reflect(row, rows))]


@device
def _even(values, start, row, rows, cols, taps):
    return symmetric(
        taps, values[start + cols * row],
        _at(values, start, row - 1, rows, cols) + _at(values, start, row + 1, rows, cols),
        _at(values, start, row - 2, rows, cols) + _at(values, start, row + 2, rows, cols),
        _at(values, start, row - 3, rows, cols) + _at(values, start, row + 3, rows, cols),
        _at(values, start, row - 4, rows, cols) + _at(values, start, row + 4, rows, cols),
    )  # fmt: skip


@device
def _odd(values, start, row, rows, cols, taps):
    return symmetric(
        taps, float32(0),
        _at(values, start, row + 1, rows, cols) - _at(values, start, row - 1, rows, cols),
        _at(values, start, row + 2, rows, cols) - _at(values, start, row - 2, rows, cols),
        _at(values, start, row + 3, rows, cols) - _at(values, start, row - 3, rows, cols),
        _at(values, start, row + 4, rows, cols) - _at(values, start, row - 4, rows, cols),
    )  # fmt: skip
