"""Speed and recall of detectors on salient regions, beside the same detectors on whole frames.

    python -m benchmarks.detection people vtest.avi
    python -m benchmarks.detection codes PHOTOGRAPHS

People are found by OpenCV's HOG detector, which opencv-contrib-python and OpenCV 4 have. QR codes
are pasted into photographs of 3840 x 2160 pixels.
"""

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from fastsal import Stream
from fastsal.applications import detect_salient
from fastsal.boxes import iou
from fastsal.io.pictures import find_images, read_image

SIZE = (1200, 900)  # of the video: 2.5 times that of vtest.avi
FIRST, LAST = 200, 700
PADS = (0.2, 0.5, 0.8, 1.0, 1.1, 1.5)
WINDOW = {"min_size": (192, 96), "align": 8, "max_boxes": 16}
VAN = (1056, 38, 74, 147)  # a parked van in vtest.avi, which HOG takes for a person


def people_finder():
    """Return OpenCV's detector of people."""
    finder = cv2.HOGDescriptor()
    finder.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    return lambda part: finder.detectMultiScale(
        part, winStride=(8, 8), padding=(8, 8), scale=1.05
    )  # fmt: skip


def overlap(box, others):
    """Return the largest intersection over union with other boxes."""
    return float(iou(box, others).max(initial=0))


def timed(work):
    """Return a result and the seconds that it took."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def people(path, every):
    """Print a row per `pad`: frames per second and the fraction of boxes that are found."""
    detector, stream = people_finder(), Stream("bin-wang", color="bgr")
    capture = cv2.VideoCapture(path)
    whole_seconds = motion_seconds = 0.0
    found = {pad: [0.0, 0, 0] for pad in PADS}
    boxes = walkers = count = 0
    for index in range(LAST + 1):
        frame = cv2.resize(capture.read()[1], SIZE)
        saliency, seconds = timed(lambda frame=frame: stream.update(frame))
        if index < FIRST or index % every:
            continue
        count += 1
        motion_seconds += seconds
        (whole, _), seconds = timed(lambda frame=frame: detector(frame))
        whole_seconds += seconds
        is_van = [overlap(np.array(VAN), [box]) > 0.5 for box in whole]
        boxes, walkers = boxes + len(whole), walkers + len(whole) - sum(is_van)
        for pad, sums in found.items():
            (parts, _), seconds = timed(
                lambda pad=pad, frame=frame, saliency=saliency: detect_salient(
                    frame, detector, saliency=saliency, pad=pad, **WINDOW
                )
            )
            hits = [overlap(box, parts) >= 0.5 for box in whole]
            sums[0] += seconds
            sums[1] += sum(hits)
            sums[2] += sum(hit for hit, van in zip(hits, is_van, strict=True) if not van)
    print(f"{count} frames, {boxes} boxes, {count / whole_seconds:.1f} whole frames per second")
    print("| pad | times the frames per second | boxes found | without the parked van |")
    print("|--:|--:|--:|--:|")
    for pad, (seconds, hits, others) in found.items():
        speed = whole_seconds / (seconds + motion_seconds)
        print(f"| {pad} | {speed:.2f} | {hits / boxes:.0%} | {others / walkers:.0%} |")


def with_code(image, text, rng):
    """Return a photograph with a QR code of any place, size and rotation, and the code's box."""
    photo = cv2.resize(image, (3840, 2160), interpolation=cv2.INTER_CUBIC)
    code = cv2.QRCodeEncoder.create().encode(text)
    side = int(rng.integers(200, 500))
    code = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), float(rng.uniform(-20, 20)), 1)
    full = int(side * np.abs(turn[0, :2]).sum())
    turn[:, 2] += (full - side) / 2
    mask = cv2.warpAffine(np.full((side, side), 255, np.uint8), turn, (full, full)) > 127
    code = cv2.warpAffine(code, turn, (full, full))
    x, y = (int(rng.integers(0, length - full)) for length in (3840, 2160))
    photo[y : y + full, x : x + full][mask] = code[mask][:, None]
    return photo, np.array([x, y, full, full])


def find_codes(part):
    """Return the boxes of the QR codes in an image."""
    was_found, corners = cv2.QRCodeDetector().detectMulti(part)
    return [cv2.boundingRect(each) for each in corners] if was_found else []


def codes(folder, method, pad):
    """Print the milliseconds and the recall on whole photographs and on salient regions."""
    rng = np.random.default_rng(0)
    finders = {
        "whole": find_codes,
        method: lambda photo: detect_salient(
            photo, find_codes, saliency=method, pad=pad, max_boxes=4
        ),
    }
    seconds, hits = dict.fromkeys(finders, 0.0), dict.fromkeys(finders, 0)
    paths = find_images(folder)
    for path in paths:
        photo, box = with_code(read_image(path), f"https://example.org/{path.stem}", rng)
        for name, finder in finders.items():
            boxes, taken = timed(lambda finder=finder, photo=photo: finder(photo))
            seconds[name] += taken
            hits[name] += overlap(box, boxes) >= 0.5
    for name in finders:
        print(f"{name}: {1e3 * seconds[name] / len(paths):.0f} ms, {hits[name]} of {len(paths)}")
    print(f"{seconds['whole'] / seconds[method]:.2f} times the speed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=("people", "codes"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--every", type=int, default=10, metavar="N", help="use every Nth frame")
    parser.add_argument("-m", "--method", default="spectral-residual", metavar="KEY")
    parser.add_argument("--pad", type=float, default=0.1, metavar="X")
    options = parser.parse_args()
    if options.task == "codes":
        codes(options.path, options.method, options.pad)
    elif not hasattr(cv2, "HOGDescriptor"):
        sys.exit("people need cv2.HOGDescriptor: pip install opencv-contrib-python")
    else:
        people(str(options.path), options.every)


if __name__ == "__main__":
    main()
