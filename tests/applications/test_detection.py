"""Detectors on salient regions: boxes in the frame, in the detector's form, each object once."""

import cv2
import numpy as np
import pytest
from reference.cropping import overlap
from skimage import data

import fastsal
from fastsal.applications import detect_salient
from fastsal.errors import ImageError


def blobs(part):
    """Return the boxes of connected bright pixels, as OpenCV has them."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((part > 128).astype(np.uint8))
    return stats[1:, :4]


def spots(shape=(300, 400), places=((20, 30), (200, 320), (150, 60))):
    """Return a dark frame with bright rectangles of different sizes."""
    frame = np.zeros(shape, np.uint8)
    for i, (y, x) in enumerate(places):
        frame[y : y + 20 + i, x : x + 30 + 2 * i] = 255
    return frame


def ordered(boxes):
    return sorted(np.asarray(boxes).tolist())


class Recorder:
    """Calls a detector and keeps the parts of the frame that it has seen."""

    def __init__(self, detector):
        self.detector, self.parts = detector, []

    def __call__(self, part):
        self.parts.append(part)
        return self.detector(part)


@pytest.mark.parametrize("pad", [0, 0.2, 1, 10])
def test_boxes_are_those_of_the_whole_frame(pad):
    frame = spots()
    detector = Recorder(blobs)
    found = detect_salient(frame, detector, saliency=frame, pad=pad)
    assert ordered(found) == ordered(blobs(frame))
    assert found.dtype == np.int32
    searched = sum(part.size for part in detector.parts)
    assert searched < frame.size / 10 if pad < 0.5 else searched <= 2 * frame.size
    assert all(part.flags.c_contiguous for part in detector.parts)


@pytest.mark.parametrize("align", [1, 8, 50])
@pytest.mark.parametrize("min_size", [(1, 1), (64, 32), (130, 200), (1000, 1000)])
@pytest.mark.parametrize("place", [(0, 0), (140, 190), (280, 370)])
def test_regions_have_a_least_size_and_start_on_a_grid(place, min_size, align):
    position = np.add.outer(1000 * np.arange(300), np.arange(400))  # encodes the origin of a part
    saliency = np.zeros((300, 400))
    saliency[place[0] : place[0] + 20, place[1] : place[1] + 30] = 1
    detector = Recorder(lambda part: [])
    detect_salient(position, detector, saliency=saliency, min_size=min_size, align=align, pad=0.1)
    (part,) = detector.parts
    top, left = divmod(int(part[0, 0]), 1000)
    assert top % align == left % align == 0
    assert top <= place[0] <= place[0] + 20 <= top + part.shape[0]
    assert left <= place[1] <= place[1] + 30 <= left + part.shape[1]
    for length, least, size in zip(part.shape, min_size, (300, 400), strict=True):
        assert min(least, size) <= length <= max(least, 36) + align
    assert np.array_equal(part, position[top:, left:][: part.shape[0], : part.shape[1]])


@pytest.mark.parametrize("scale", [1, 1e-300, 1e300])
@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
def test_large_frames_are_searched_where_a_small_one_would_be(dtype, scale):
    frame = np.kron(spots(), np.ones((8, 8), np.uint8))
    values = (frame / 255.0 * (scale if dtype == "float64" else 200)).astype(dtype)
    detector = Recorder(blobs)
    found = detect_salient(frame, detector, saliency=values)
    assert ordered(found) == ordered(blobs(frame))
    assert sum(part.size for part in detector.parts) < frame.size / 10


def test_a_method_gets_a_small_frame():
    frame = np.kron(spots(), np.ones((8, 8), np.uint8))
    seen = []

    def whole(image):
        seen.append(image.shape)
        return fastsal.whitened(image)

    by_key = detect_salient(frame, blobs, saliency="whitened", pad=0.5)
    assert ordered(by_key) == ordered(detect_salient(frame, blobs, saliency=whole, pad=0.5))
    assert seen == [frame.shape]


def test_the_frame_reaches_the_detector_as_it_is(rng):
    frame = rng.random((40, 50, 3)).astype(np.float32)
    saliency = np.zeros((40, 50))
    saliency[10:20, 30:45] = 1
    detector = Recorder(lambda part: np.empty((0, 4)))
    assert detect_salient(frame, detector, saliency=saliency, pad=0.2).shape == (0, 4)
    (part,) = detector.parts
    np.testing.assert_array_equal(part, frame[8:22, 27:48])


def test_most_salient_regions_come_first():
    frame = np.zeros((100, 200), np.uint8)
    frame[10:20, 10:20] = 200
    frame[60:90, 150:190] = 180
    detector = Recorder(blobs)
    assert ordered(detect_salient(frame, detector, saliency=frame, max_boxes=1)) == [
        [150, 60, 40, 30]
    ]
    assert len(detector.parts) == 1


def test_near_regions_are_searched_together():
    frame = np.zeros((200, 300), np.uint8)
    for x in range(100, 160, 12):  # five parts of one object
        frame[80:120, x : x + 8] = 255
    frame[10:20, 280:290] = 255
    detector = Recorder(blobs)
    found = detect_salient(frame, detector, saliency=frame, pad=0.5)
    assert ordered(found) == ordered(blobs(frame))
    assert len(detector.parts) == 2
    assert sum(part.size for part in detector.parts) < frame.size / 5


@pytest.mark.parametrize("value", [0, 0.5])
def test_a_uniform_map_means_the_whole_frame(value):
    frame = spots()
    detector = Recorder(blobs)
    found = detect_salient(frame, detector, saliency=np.full(frame.shape, value))
    assert [part.shape for part in detector.parts] == [frame.shape]
    np.testing.assert_array_equal(found, blobs(frame))


@pytest.mark.parametrize("kind", ["list", "tuples", "float", "uint8"])
def test_kinds_of_boxes(kind):
    change = {
        "list": np.ndarray.tolist,
        "tuples": lambda boxes: tuple(map(tuple, boxes.tolist())),
        "float": lambda boxes: boxes.astype(np.float32),
        "uint8": lambda boxes: boxes.astype(np.uint8),
    }[kind]
    frame = spots(places=((20, 30), (250, 360)))
    found = detect_salient(frame, lambda part: change(blobs(part)), saliency=frame)
    assert ordered(found) == ordered(blobs(frame))
    assert (found.dtype == np.float32) == (kind == "float")


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_scores_stay_with_their_boxes(shape):
    def detector(part):
        boxes = blobs(part)
        return boxes, boxes[:, 2].astype(float).reshape(shape)

    frame = spots()
    boxes, scores = detect_salient(frame, detector, saliency=frame)
    assert ordered(boxes) == ordered(blobs(frame))
    np.testing.assert_array_equal(scores, boxes[:, 2])


@pytest.mark.parametrize("empty", [(), [], np.empty((0, 4), np.int32), np.empty(0)])
def test_nothing_found(empty):
    frame = spots()
    assert detect_salient(frame, lambda _: empty, saliency=frame).shape == (0, 4)
    boxes, scores = detect_salient(frame, lambda _: (empty, ()), saliency=frame)
    assert (boxes.shape, scores.shape) == ((0, 4), (0,))


def test_regions_without_boxes_change_no_dtype():
    frame = spots()
    found = detect_salient(
        frame, lambda part: blobs(part) if part.shape[0] > 28 else (), saliency=frame
    )
    assert found.dtype == np.int32
    assert len(found) == 2


def test_an_object_in_two_regions_is_found_once(rng):
    # Two long regions cross, so that a rectangle around both would hold more than the two.
    saliency = np.zeros((200, 200), np.float32)
    saliency[95:105, 2:90] = saliency[2:80, 95:105] = 1
    results = []

    def detector(part):
        count = 6
        boxes = np.column_stack(
            [rng.integers(0, (part.shape[1] // 2, part.shape[0] // 2), (count, 2)),
             rng.integers(20, 60, (count, 2))]
        )  # fmt: skip
        results.append((part.shape, boxes, rng.random(count)))
        return boxes, results[-1][2]

    dropped = 0
    for _ in range(40):
        results.clear()
        boxes, scores = detect_salient(saliency, detector, saliency=saliency, pad=1)
        assert len(results) == 2
        corners = [((0, 85) if h < w else (85, 0)) for (h, w), *_ in results]
        windows = [
            (score, index, x + left, y + top, h, w)
            for index, ((left, top), (_, found, values)) in enumerate(
                zip(corners, results, strict=True)
            )
            for (x, y, w, h), score in zip(found.tolist(), values.tolist(), strict=True)
        ]
        kept = []
        for window in sorted(windows, reverse=True):
            if all(
                other[1] == window[1] or overlap(window[2:], other[2:]) <= 0.5 for other in kept
            ):
                kept.append(window)
        dropped += len(windows) - len(kept)
        assert ordered(scores) == sorted(score for score, *_ in kept)
        assert ordered(boxes) == sorted([x, y, w, h] for _, _, x, y, h, w in kept)
    assert dropped > 0


@pytest.mark.parametrize("saliency", ["whitened", fastsal.whitened])
def test_saliency_by_key_and_by_function(saliency):
    frame = np.dstack([spots()] * 3)
    found = detect_salient(frame, lambda part: blobs(part[..., 0]), saliency=saliency)
    expected = detect_salient(
        frame, lambda part: blobs(part[..., 0]), saliency=fastsal.whitened(frame)
    )
    assert ordered(found) == ordered(expected) != []


def test_a_moving_object_in_a_stream():
    stream = fastsal.Stream("frame-difference")
    for step in range(4):
        frame = np.zeros((120, 160), np.uint8)
        frame[40:60, 10 + 25 * step : 40 + 25 * step] = 255
        frame[90:110, 130:150] = 255  # does not move
        detector = Recorder(blobs)
        found = detect_salient(frame, detector, saliency=stream.update, pad=0.5)
        assert [10 + 25 * step, 40, 30, 20] in ordered(found)
    assert sum(part.size for part in detector.parts) < frame.size / 2


def test_a_qr_code_in_a_photograph():
    code = cv2.QRCodeEncoder.create().encode("fastsal")
    code = cv2.resize(code, (4 * code.shape[1],) * 2, interpolation=cv2.INTER_NEAREST)
    sky = cv2.GaussianBlur(cv2.resize(data.astronaut(), (1600, 1200)), (0, 0), 12)
    rows, cols = slice(800, 800 + len(code)), slice(300, 300 + len(code))
    sky[rows, cols] = code[..., None]

    def detector(part):
        was_found, corners = cv2.QRCodeDetector().detectMulti(part)
        return [cv2.boundingRect(each) for each in corners] if was_found else []

    recorder = Recorder(detector)
    found = detect_salient(sky, recorder, saliency="whitened", pad=0.5)
    whole = detector(sky)
    assert len(found) == len(whole) == 1
    assert np.abs(found - np.array(whole)).max() <= 2
    assert sum(part.shape[0] * part.shape[1] for part in recorder.parts) < 0.5 * 1600 * 1200


@pytest.mark.parametrize(
    "result", [None, 3, [1, 2, 3], [[1, 2, 3]], np.ones((2, 5)), ([[1, 2, 3, 4]], [1, 2]), "box",
               [[1, 2, 3, 4], [1, 2]], [["a", "b", "c", "d"]]]
)  # fmt: skip
def test_other_results_are_refused(result):
    with pytest.raises(ValueError, match="`detector` must return boxes of shape"):
        detect_salient(spots(), lambda _: result, saliency=spots())


def test_mixed_results_are_refused():
    results = iter([[], ((), ()), []])
    with pytest.raises(ValueError, match="must return scores for all regions or for none"):
        detect_salient(spots(), lambda _: next(results), saliency=spots())


def test_errors_of_the_detector_pass():
    def detector(_):
        raise KeyError("model")

    with pytest.raises(KeyError, match="model"):
        detect_salient(spots(), detector, saliency=spots())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"detector": 3}, "`detector` must be a function of an image; got int"),
        ({"frame": np.zeros(4)}, "`frame` must have shape"),
        ({"frame": np.zeros((0, 4))}, "`frame` must have shape"),
        ({"saliency": np.ones((3, 4))}, "`saliency` must be a map of the image's shape"),
        ({"saliency": -np.ones((300, 400))}, "`saliency` must not be negative"),
        ({"saliency": "flow"}, "compares frames: pass"),
        ({"max_boxes": 0}, "`max_boxes` must be an integer from 1 up; got 0"),
        ({"align": 0}, "`align` must be an integer from 1 up; got 0"),
        ({"min_size": 4}, "`min_size` must be two integers"),
        ({"pad": -1}, "`pad` must be a number from 0 to 10; got -1"),
    ],
)
def test_refusals(change, message):
    calls = []
    arguments = {"frame": spots(), "detector": calls.append, "saliency": spots()} | change
    with pytest.raises((ImageError, ValueError), match=message):
        detect_salient(arguments.pop("frame"), arguments.pop("detector"), **arguments)
    assert calls == []
