"""BinWang's background subtraction straight from its definition, on grey frames."""

import numpy as np

ALPHA = np.float32(0.01)
F = np.float32


class BinWang:
    """One pixel after the other where order matters, whole frames where it does not."""

    def __init__(self, shape, opencv5=False, unfilled=0):
        self.opencv5, self.started, self.unfilled = opencv5, False, unfilled
        self.eps = np.full(shape, 20, F)
        self.candidate, self.kept = np.zeros(shape, int), np.zeros(shape, int)
        self.level, self.count = np.full((4, *shape), np.nan, F), np.zeros((4, *shape), F)
        self.noise, self.activity = np.zeros(shape, bool), np.zeros(shape, int)
        self.theta_l = 250

    def update(self, frame):
        moving = self._full(frame)
        low = self._low(frame)
        out = moving & low
        if self.started:
            self._learn_noise(moving & ~low)
        self._order()
        self._replace(frame.astype(int), out)
        self._order()
        self.started = True
        return out.astype(np.uint8)

    def _full(self, frame):
        pixel = frame.astype(F)
        free, missed = self.activity < 20, np.ones(frame.shape, bool)
        for z, most in enumerate((1000, 800, np.inf, np.inf)):
            used = free & (self.count[z] > 0)
            hit = used & missed & (np.abs(pixel - self.level[z]) < self.eps)
            self.count[z][hit & (self.count[z] < most)] += 1
            self.count[z][used & ~hit] -= 1
            learnt = F(1 - ALPHA) * self.level[z] + ALPHA * pixel
            self.level[z] = np.where(hit, learnt, self.level[z])
            missed &= ~hit
        return free & missed

    def _low(self, frame):
        height, width = frame.shape
        low = np.ones(frame.shape, bool)
        if np.count_nonzero(self.count[0]) <= height * width // 2:
            return low
        for i in range(-(-height // 4)):
            x = 0
            for j in range(-(-width // 4)):
                block = slice(4 * i, 4 * i + 4), slice(x, x + 4)
                if self.activity[i, j] >= 20:  # the pixel with the numbers of the block: sic
                    low[block] = False
                    continue
                x += 4
                mean = F(frame[block].mean())
                eps = F(self.eps[block].mean(dtype=float))
                for z in range(2):
                    level = F(self.level[z][block].mean(dtype=float))
                    if self.count[z][block].any() and abs(mean - level) < eps:
                        low[block] = False
        return low

    def _learn_noise(self, noise):
        calmed = self.noise & ~noise
        other = ~calmed
        if self.opencv5:
            calmed, other = _first(calmed), _first(other)
        self.activity[calmed & (self.activity < 80)] += 6
        self.activity[other & (self.activity > 0)] -= 1
        self.noise = noise
        wider = (self.activity > 15) & (self.eps + 20 < 80)
        narrower = ~wider & (self.activity < 5) & (self.eps - F(0.125) > 18)
        self.eps[wider] += 20
        self.eps[narrower] -= F(0.125)

    def _order(self):
        for a, b in ((1, 2), (1, 3), (2, 3)):
            swap = self.count[b] > self.count[a]
            for values in (self.level, self.count):
                values[a], values[b] = (
                    np.where(swap, values[b], values[a]), np.where(swap, values[a], values[b])
                )  # fmt: skip
        due = (self.count[1] > self.theta_l) & (self.theta_l > self.count[0])
        for values in (self.level, self.count):
            values[0], values[1] = (
                np.where(due, values[1], values[0]), np.where(due, values[0], values[1])
            )  # fmt: skip
        self.count[0][due] = self.theta_l

    def _replace(self, frame, out):
        check = np.count_nonzero(self.count[0]) > out.size // 2
        theta_a, self.theta_l = (200, 250) if check else (50, 150)
        for y, x in np.argwhere(out):
            if self.kept[y, x] == 0:
                self.candidate[y, x], self.kept[y, x] = frame[y, x], 1
            elif abs(frame[y, x] - self.candidate[y, x]) < self.eps[y, x]:
                self.kept[y, x] = (self.kept[y, x] + 1) % 256
            else:
                self.kept[y, x] -= 1
            if self.kept[y, x] > theta_a and (not check or self._has_alike(y, x)):
                self.level[3, y, x], self.count[3, y, x] = self.candidate[y, x], self.kept[y, x]
                self.candidate[y, x] = self.kept[y, x] = 0

    def _has_alike(self, y, x):
        around = self.level[:, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        levels = np.rint(np.nan_to_num(around, nan=self.unfilled)).astype(int)
        return (np.abs(self.candidate[y, x] - levels) <= int(self.eps[y, x])).any()


def _first(mask):
    """Return the mask with its first pixel in raster order only."""
    first = np.zeros(mask.shape, bool)
    first.flat[np.flatnonzero(mask)[:1]] = True
    return first
