"""Flow saliency from its definition: slow, obvious, in float64."""

import numpy as np

LONGER, SHORTEST, CELL, PATCH = 320, 12, 4, 8
WHITE = 4080


def shares(sources, targets):
    """Return (targets, sources): how much of each source line each target line averages."""
    edges = np.arange(sources + 1) * targets / sources
    first = np.maximum(edges[:-1], np.arange(targets)[:, None])
    last = np.minimum(edges[1:], np.arange(targets)[:, None] + 1)
    return np.clip(last - first, 0, None)


def working(gray, white):
    """Return the levels of the working picture, before smoothing: means over areas."""
    height, width = gray.shape
    share = min(1, LONGER / max(height, width))
    rows, cols = max(1, round(height * share)), max(1, round(width * share))
    levels = np.floor(gray * (WHITE / white) + 0.5)
    means = shares(height, rows) @ levels @ shares(width, cols).T
    return np.floor(means + 0.5 + 1e-9).astype(int)


def smoothed(levels):
    """Return levels under a 3x3 binomial window."""
    wide = np.pad(levels, 1, mode="edge")
    weights = np.outer([1, 2, 1], [1, 2, 1])
    rows, cols = levels.shape
    total = sum(
        weights[i, j] * wide[i : i + rows, j : j + cols] for i in range(3) for j in range(3)
    )
    return (total + 8) // 16


def pyramid(gray, white=255):
    """Return all levels, the finest first."""
    levels = [smoothed(working(gray, white))]
    while (min(levels[-1].shape) + 1) // 2 >= SHORTEST:
        wide = np.pad(levels[-1], [(0, side % 2) for side in levels[-1].shape], mode="edge")
        total = wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]
        levels.append((total + 2) // 4)
    return levels


class Patches:
    """The patches of one level, and how they fit another picture."""

    def __init__(self, level, other):
        self.level, self.other = level, other
        self.cells = tuple(-(-side // CELL) for side in level.shape)

    def patch(self, picture, row, col):
        rows = np.clip(np.arange(row, row + PATCH), 0, picture.shape[0] - 1)
        cols = np.clip(np.arange(col, col + PATCH), 0, picture.shape[1] - 1)
        return picture[np.ix_(rows, cols)].astype(float)

    def start(self, cell):
        """Return where a cell's patch starts: two pixels before it, but in the picture."""
        last = np.array(self.level.shape) - PATCH
        return np.maximum(np.minimum(CELL * np.array(cell) - 2, last), 0)

    def placed(self, cell, motion):
        """Return in 128ths where a cell's patch lies that moves so."""
        start = 128 * self.start(cell)
        ends = 128 * np.array(self.level.shape)
        return np.clip(start + np.floor(np.array(motion) * 128 + 0.5).astype(int), -1024, ends)

    def errors(self, cell, motion):
        row, col = self.placed(cell, motion)
        (top, down), (left, across) = divmod(row, 128), divmod(col, 128)
        down, across = down / 128, across / 128
        mixed = sum(
            share * self.patch(self.other, top + i, left + j)
            for i, j, share in (
                (0, 0, (1 - down) * (1 - across)),
                (0, 1, (1 - down) * across),
                (1, 0, down * (1 - across)),
                (1, 1, down * across),
            )
        )
        return np.floor(mixed + 0.5) - self.own(cell)

    def own(self, cell):
        return self.patch(self.level, *self.start(cell))

    def error(self, cell, motion):
        """Return the sum of squared errors, each less their mean."""
        errors = self.errors(cell, motion)
        return ((errors - errors.mean()) ** 2).sum()

    def slopes(self, cell):
        row, col = self.start(cell)
        down = self.patch(self.level, row + 1, col) - self.patch(self.level, row - 1, col)
        across = self.patch(self.level, row, col + 1) - self.patch(self.level, row, col - 1)
        return np.stack([(each - each.mean()).ravel() / 2 for each in (down, across)])

    def searched(self, cell, flow):
        own = flow[:, cell[0], cell[1]]
        tried = [own]
        for row, col in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            near = cell[0] + row, cell[1] + col
            if 0 <= near[0] < self.cells[0] and 0 <= near[1] < self.cells[1]:
                tried.append(flow[:, near[0], near[1]])
        best = min(tried, key=lambda motion: self.error(cell, motion))
        return self.descended(cell, best)

    def descended(self, cell, first):
        best, motion = self.error(cell, first), first
        slopes = self.slopes(cell)
        stiffness = slopes @ slopes.T + np.eye(2) * PATCH**2 * 32**2
        start = 128 * self.start(cell)
        for _ in range(4):
            errors = self.errors(cell, motion).ravel()
            step = -np.linalg.solve(stiffness, slopes @ errors)
            if abs(step).sum() < 0.01:
                break
            new = (self.placed(cell, motion) - start) / 128 + step
            if abs(new - first).max() > PATCH or self.error(cell, new) >= best:
                break
            best, motion = self.error(cell, new), new
        return motion


def medians(flow):
    """Return medians over 3 x 3 cells."""
    wide = np.pad(flow, ((0, 0), (1, 1), (1, 1)), mode="edge")
    _, rows, cols = flow.shape
    near = [wide[:, i : i + rows, j : j + cols] for i in range(3) for j in range(3)]
    return np.median(near, axis=0)


def flow(levels, previous):
    """Return (2, rows, cols): how far down and across each cell was in the previous frame."""
    found = None
    for level, other in zip(levels[::-1], previous[::-1], strict=True):
        patches = Patches(level, other)
        rows, cols = patches.cells
        if found is None:
            start = np.zeros((2, rows, cols))
        else:
            above = [np.minimum(np.arange(n) // 2, m - 1)
                     for n, m in zip((rows, cols), found.shape[1:], strict=True)]  # fmt: skip
            start = 2 * found[:, above[0][:, None], above[1]]
        for _ in range(3):
            start = np.array(
                [
                    [patches.searched((row, col), start) for col in range(cols)]
                    for row in range(rows)
                ]
            ).transpose(2, 0, 1)
        found = medians(start)
    return found


def grid(rows, cols):
    """Return where the cells lie, from the middle, in halves of the longer side."""
    longest = max(rows, cols)
    y = (2 * np.arange(rows) + 1 - rows) / longest
    x = (2 * np.arange(cols) + 1 - cols) / longest
    return np.broadcast_to(y[:, None], (rows, cols)), np.broadcast_to(x, (rows, cols))


def median(values):
    """Return a median as read off a histogram: to a 32nd of a pixel."""
    bins = np.clip(np.floor(values.ravel() * 32 + 1024), 0, 2047)
    middle = np.sort(bins)[-(-bins.size // 2) - 1]
    return (middle - 1024 + 0.5) / 32


def camera(flow, terms):
    """Return the flow of a camera: weighted least squares, the border's cells first."""
    _, rows, cols = flow.shape
    y, x = grid(rows, cols)
    one, zero = np.ones_like(x), np.zeros_like(x)
    down = np.stack([one, zero, zero, zero, x, y, x * y, y * y], -1)[..., :terms]
    across = np.stack([zero, one, x, y, zero, zero, x * x, x * y], -1)[..., :terms]
    if terms == 0:
        return np.zeros_like(flow)
    near = [np.minimum(np.arange(n), n - 1 - np.arange(n)) < 0.15 * n for n in (rows, cols)]
    border = near[0][:, None] | near[1]
    slopes = np.stack([down, across])
    found = np.zeros(terms)
    found[:2] = [median(each[border]) for each in flow]
    for turn in range(12):
        residual = np.hypot(*(flow - slopes @ found))
        seen = residual if turn >= 4 else residual[border]
        spread = max(0.05, 1.19 * median(seen))
        weight = (1 + (residual / (2 * spread)) ** 2) ** -2.0
        weight *= np.where(border, 1, 0.3 if turn >= 4 else 0)
        normal = np.einsum("rc,arci,arcj->ij", weight, slopes, slopes)
        normal += 1e-6 * weight.sum() * np.eye(terms)
        known = np.einsum("rc,arci,arc->i", weight, slopes, flow)
        found = np.linalg.solve(normal, known)
    return slopes @ found


def surround(flow, reach):
    """Return the mean flow of the cells within reach."""
    _, rows, cols = flow.shape
    means = np.empty_like(flow)
    for row in range(rows):
        for col in range(cols):
            window = flow[:, max(row - reach, 0) : row + reach + 1,
                          max(col - reach, 0) : col + reach + 1]  # fmt: skip
            means[:, row, col] = window.mean((1, 2))
    return means


def scores(levels, previous, terms=6, contrast=False):
    """Return the flow and the scores of all cells, before the last blur; all -1 at a cut."""
    found = flow(levels, previous)
    reference = camera(found, terms)
    patches = Patches(levels[0], previous[0])
    rows, cols = patches.cells
    if contrast:
        reference = reference + surround(found - reference, max(1, max(rows, cols) // 8))
    residual = np.hypot(*(found - reference))
    half = max(0.5, 3 * median(residual)) if terms or contrast else 0.5
    score = residual**2 / (residual**2 + half**2)
    own, variance = 0, 0
    for row in range(rows):
        for col in range(cols):
            cell = row, col
            left = patches.error(cell, found[:, row, col])
            still = patches.error(cell, reference[:, row, col])
            patch = patches.own(cell)
            own, variance = own + left, variance + ((patch - patch.mean()) ** 2).sum()
            moved = patches.start(cell) + reference[:, row, col]
            ends = np.maximum(levels[0].shape, PATCH)
            is_seen = (moved >= -0.5).all() and (moved + PATCH <= ends + 0.5).all()
            sure = np.clip((still - left) / (PATCH**2 * 32**2), 0, 1) if is_seen else 0
            score[row, col] *= sure
    return found, np.full_like(score, -1) if own > variance / 2 else score


def blended(scores, memory):
    """Return scores smoothed over time, a list of fields; a cut restarts the smoothing."""
    kept, shown = 0, []
    for each in scores:
        kept = np.zeros_like(each) if (each < 0).all() else memory * kept + (1 - memory) * each
        shown.append(kept)
    return shown


def enlarged(field, height, width, smooth=0.01):
    """Return a field blurred by a Gaussian and up-sampled between cell centres."""
    rows, cols = field.shape
    sigmas = smooth * width * rows / height, smooth * cols
    for axis, sigma in enumerate(sigmas):
        field = np.apply_along_axis(_blurred, axis, field, sigma)
    for axis, (source, target) in enumerate(((rows, height), (cols, width))):
        at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
        first = np.minimum(at.astype(int), max(source - 2, 0))
        share = np.expand_dims(at - first, 1 - axis)
        last = np.minimum(first + 1, source - 1)
        field = field.take(first, axis) * (1 - share) + field.take(last, axis) * share
    return field


def _blurred(line, sigma):
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    wide = np.pad(line, reach, mode="symmetric")
    return np.convolve(wide, weights / weights.sum(), "valid")
