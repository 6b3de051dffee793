"""Image files: found, read as RGB arrays, written whole or not at all."""

import io
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .find import find_files
from .png import stripped_png
from .quiet import quiet_opencv
from .whole_files import reason_of, whole_file

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
IMAGE_SUFFIXES = (*PICTURE_SUFFIXES, ".npy")
_DEEP_SUFFIXES = (".png", ".tif", ".tiff")


def find_images(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """Image files named by files, folders and globs, each once, in the order asked for.

    Parameters
    ----------
    paths : str, Path or iterable of them
        A file is taken whatever its name. A folder gives the images directly in it and a glob
        (``**`` included) the images it matches, both sorted, without hidden files.

    Returns
    -------
    list of Path

    Raises
    ------
    ImageError
        An entry names nothing, or a folder or glob holds no image.
    """
    return find_files(paths, IMAGE_SUFFIXES, "image", ImageError)


def read_image(path: str | Path) -> NDArray[Any]:
    """Pixels of one image file.

    Parameters
    ----------
    path : str or Path
        A png, jpg, bmp, tif or webp, recognised by its content, or a ``.npy``.

    Returns
    -------
    ndarray
        ``(H, W)`` for grey, ``(H, W, 3)`` RGB for colour; uint8, or uint16 where the file has 16
        bits. Alpha is dropped and a camera's rotation applied. A ``.npy`` comes back as stored.

    Raises
    ------
    ImageError
        Missing, a folder, empty, damaged, or not an image.
    """
    path = Path(path)
    try:
        # Opening a pipe waits until something writes to it, and some devices never end.
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise ImageError(f"{path}: expected a file, got a pipe or a device")
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: {reason_of(error)}") from error
    if not data:
        raise ImageError(f"{path}: the file is empty")
    return _read_npy(path, data) if path.suffix.lower() == ".npy" else _decode(path, data)


def check_suffix(path: Path) -> None:
    """Refuse a name that no image is written under, wherever it lies.

    Raises
    ------
    ImageError
    """
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise ImageError(f"{path}: expected a name ending in {', '.join(IMAGE_SUFFIXES)}")


def write_image(path: str | Path, image: NDArray[Any]) -> None:
    """Write one image file: complete under its name, or not there at all.

    Parameters
    ----------
    path : str or Path
        The suffix chooses the format: png, jpg, bmp, tif, webp, or npy, which stores any array
        as it is. An existing file is replaced only when the new one is complete.
    image : ndarray
        ``(H, W)``, ``(H, W, 3)`` RGB or ``(H, W, 4)``; uint8, uint16 (png and tif only), or
        floating in [0, 1], stored as ``round(255 * image)``.

    Raises
    ------
    ImageError
        The suffix is unknown, the array does not fit the format, or the file cannot be written.
    """
    path = Path(path)
    data = _encode(path, image)
    try:
        with whole_file(path) as partial:
            partial.write_bytes(data)
    except OSError as error:
        raise ImageError(f"{path}: {reason_of(error)}") from error


def _read_npy(path: Path, data: bytes) -> NDArray[Any]:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    # A damaged header raises almost anything, SyntaxError and MemoryError among them.
    except Exception as error:
        raise ImageError(f"{path}: not a NumPy array file, or damaged") from error
    if not isinstance(array, np.ndarray):
        raise ImageError(f"{path}: an archive of arrays, expected a single array")
    return array


def _decode(path: Path, data: bytes) -> NDArray[Any]:
    try:
        pixels = np.frombuffer(stripped_png(data), np.uint8)
        with quiet_opencv:
            # These two flags together keep grey grey and 16 bits 16, and still turn the picture
            # upright, which IMREAD_UNCHANGED does not.
            image = cv2.imdecode(pixels, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
    except (cv2.error, ImageError) as error:
        detail = f" ({error})" if isinstance(error, ImageError) else ""
        raise ImageError(f"{path}: the image is damaged{detail}") from error
    if image is None:
        raise ImageError(f"{path}: not an image that OpenCV can read, or damaged")
    decoded: NDArray[Any] = image
    return _swapped(decoded)


def _swapped(image: NDArray[Any]) -> NDArray[Any]:
    """RGB as BGR and back, with or without alpha; grey as it is."""
    if image.ndim == 2:
        return image
    code = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    swapped: NDArray[Any] = cv2.cvtColor(image, code)
    return swapped


def _encode(path: Path, image: NDArray[Any]) -> bytes:
    check_suffix(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return _npy_bytes(path, image)
    pixels = _swapped(_storable(path, suffix, image))
    try:
        with quiet_opencv:
            done, data = cv2.imencode(suffix, pixels)
    except cv2.error:
        done = False
    if not done:
        height, width = image.shape[:2]
        raise ImageError(f"{path}: {suffix} cannot hold {width}x{height} pixels of {image.dtype}")
    encoded: bytes = data.tobytes()
    return encoded


def _npy_bytes(path: Path, array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    try:
        np.save(buffer, array, allow_pickle=False)
    except ValueError as error:
        raise ImageError(f"{path}: .npy cannot hold {array.dtype} values") from error
    return buffer.getvalue()


def _storable(path: Path, suffix: str, image: NDArray[Any]) -> NDArray[Any]:
    """Return the pixels as integers the format holds; contiguous, as OpenCV wants them."""
    if image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))):
        raise ImageError(f"{path}: expected (H, W), (H, W, 3) or (H, W, 4), found {image.shape}")
    if np.issubdtype(image.dtype, np.floating):
        # NaN fails this comparison too, and would otherwise be cast to an arbitrary grey.
        if not (image.min() >= 0 and image.max() <= 1):
            raise ImageError(f"{path}: expected floating values in [0, 1] to store as {suffix}")
        return np.rint(image * np.float32(255)).astype(np.uint8, order="C")
    if image.dtype == np.uint8 or (image.dtype == np.uint16 and suffix in _DEEP_SUFFIXES):
        return np.ascontiguousarray(image)
    raise ImageError(f"{path}: {suffix} cannot hold {image.dtype} pixels")
