"""How boxes are judged in training and testing BING, one by one from the definitions."""


def overlap(one, other):
    """Return intersection over union of two boxes x, y, w, h."""
    one, other = map(int, one), map(int, other)
    (x, y, w, h), (u, v, s, t) = one, other
    across = min(x + w, u + s) - max(x, u)
    down = min(y + h, v + t) - max(y, v)
    shared = max(across, 0) * max(down, 0)
    return shared / (w * h + s * t - shared)


def recall_of(results):
    """Return the fraction of objects that a box overlaps by half, over pairs (boxes, objects)."""
    found = [
        any(overlap(box, each) >= 0.5 for box in boxes)
        for boxes, objects in results
        for each in objects
    ]
    return sum(found) / len(found)
