"""``python -m benchmarks.default_bing FOLDER``: train the model of BING that comes with fastsal.

FOLDER is that of 43 photographs of a flat with 338 boxes (`indoor_boxes`, Apache-2.0). Sorted by
name, the first, third, fifth ... are trained on, and the others only tested on, by
``python -m benchmarks.recall``. Takes seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import fastsal
from benchmarks import boxes

PLACE = Path(fastsal.__file__).parent / "algorithms" / "bing" / "default_model"


def trained(folder: Path) -> fastsal.BingModel:
    """Train the default model again, and return it."""
    photos = boxes.for_training(boxes.photographs(folder))
    return fastsal.train_bing([each.image for each in photos], [each.boxes for each in photos])


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=PLACE, help="where to save it")
    options = parser.parse_args()
    trained(options.folder).save(options.output)
    print(f"saved to {options.output}")


if __name__ == "__main__":
    main()
