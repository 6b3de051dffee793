"""Image files: found, read as RGB arrays, written whole or not at all."""

import io
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..validation import joined
from .atomic_write import reason_of, whole_file
from .decoders import rgb_or_bgr
from .file_kinds import image_kind
from .image_decoding import Pictures
from .opencv_logging import quiet_opencv
from .paths import find_files
from .pixels import Rgb, parse_color, pixels_of

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
IMAGE_SUFFIXES = (*PICTURE_SUFFIXES, ".npy")  # of files to write
_READ_ONLY = (".avif", ".gif", ".hdr", ".jp2", ".pbm", ".pgm", ".pnm", ".ppm")
READ_SUFFIXES = (*IMAGE_SUFFIXES, *_READ_ONLY)
_DEEP_SUFFIXES = (".png", ".tif", ".tiff")


def find_images(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """Image files named by files, folders and globs, each once, in the order asked for.

    Parameters
    ----------
    paths : str, Path or iterable of them
        A file is taken under any name. A folder gives the images directly in it and a glob (``**``
        included) the images it matches, both sorted, without hidden files.

    Returns
    -------
    list of Path

    Raises
    ------
    ImageError
        An entry names nothing, or a folder or glob holds no image.
    """
    return find_files(paths, READ_SUFFIXES, "image", ImageError)


class ImageFile:
    """Pictures of one image file: pages of a TIFF, frames of an animation, or a single one.

    Parameters
    ----------
    path : str or Path
        A PNG, JPEG, TIFF, WebP, AVIF, GIF, BMP, JPEG 2000, PNM, Radiance HDR or NumPy file. Its
        content decides, not its name. The file is read here, once.
    data : bytes, optional
        Content of the file, if it has been read already, from object storage for example.

    Raises
    ------
    ImageError
        The file is missing, a folder, or empty.
    """

    def __init__(self, path: str | Path, data: bytes | None = None) -> None:
        self._name = str(path)
        self._suffix = Path(path).suffix
        self._data = _data_of(Path(path)) if data is None else data
        if not self._data:
            raise ImageError(f"{path}: the file is empty")
        self._pictures = Pictures(self._data, self._suffix)

    @property
    def pages(self) -> int:
        """Number of pages or frames; 1 for every other image.

        Raises
        ------
        ImageError
            The file is damaged.
        """
        with _naming(self._name):
            return self._pictures.count

    def read(self, *, background: str | Rgb = "white", page: int = 0) -> NDArray[Any]:
        """Return the pixels of one picture, as `read_image` does."""
        color = parse_color(background)
        if image_kind(self._data, self._suffix) == "npy":
            return _read_npy(self._name, self._data)
        with _naming(self._name):
            return pixels_of(self._pictures.decode(page), color)


def read_image(path: str | Path, *, background: str | Rgb = "white", page: int = 0) -> NDArray[Any]:
    """Pixels of one image file.

    Parameters
    ----------
    path : str or Path
        A PNG, JPEG, TIFF, WebP, AVIF, GIF, BMP, JPEG 2000, PNM, Radiance HDR or NumPy file. Its
        content decides, not its name.
    background : str or (r, g, b), default "white"
        Colour behind transparent pixels: a name, ``"#rrggbb"``, or three integers from 0 to 255.
    page : int, default 0
        Page of a TIFF or frame of an animation, from 0.

    Returns
    -------
    ndarray
        ``(H, W)`` for grey, ``(H, W, 3)`` RGB for colour, upright and without alpha:

        * uint8; uint16 for PNG and TIFF of 16 bits and for grey PNM and JPEG 2000 of more than 8;
        * float32 in [0, 1] for floats and other integers. Floats in [0, 1] keep their values.
          Others are scaled linearly: 0, or the minimum if that is negative, becomes 0, and the
          maximum becomes 1. Radiance HDR passes Drago's logarithmic tone curve instead.

        A ``.npy`` comes back as stored.

    Raises
    ------
    ImageError
        The file is missing, a folder, empty, damaged, or not an image; or it has no such page.
        Damage of pixels alone is always found in PNG, and mostly in AVIF if PyAV is installed. It
        is found only partly in formats without checksums, such as JPEG and WebP.
    ValueError
        `background` is no colour.
    """
    return ImageFile(path).read(background=background, page=page)


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Put the file's name before a refusal."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error
    except MemoryError as error:
        raise ImageError(f"{path}: not enough memory for this image") from error


def _data_of(path: Path) -> bytes:
    try:
        # Opening a pipe waits until something writes to it, and some devices never end.
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise ImageError(f"{path}: must be a regular file; got a pipe or a device")
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: {reason_of(error)}") from error
    return data


def check_suffix(path: Path) -> None:
    """Refuse a name that no image is written under, wherever it lies.

    Raises
    ------
    ImageError
    """
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise ImageError(f"{path}: the file name must end in {joined(IMAGE_SUFFIXES)}")


def write_image(path: str | Path, image: NDArray[Any]) -> None:
    """Write one image file: complete under its name, or not there at all.

    Parameters
    ----------
    path : str or Path
        The suffix chooses the format: png, jpg, bmp, tif, webp, or npy, which stores any array
        unchanged. An existing file is replaced only when the new one is complete.
    image : ndarray
        ``(H, W)``, ``(H, W, 3)`` RGB or ``(H, W, 4)``; uint8, uint16 (png and tif only), or
        floating in [0, 1], stored as ``round(255 * image)``.

    Raises
    ------
    ImageError
        The suffix is unknown, the array does not fit the format, or the file cannot be written.
    """
    path = Path(path)
    data = encode_image(path, image)
    try:
        with whole_file(path) as partial:
            partial.write_bytes(data)
    except OSError as error:
        raise ImageError(f"{path}: {reason_of(error)}") from error


def _read_npy(path: str, data: bytes) -> NDArray[Any]:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    # A damaged header raises almost anything, SyntaxError and MemoryError among them.
    except Exception as error:
        raise ImageError(f"{path}: not a NumPy array file, or damaged") from error
    if not isinstance(array, np.ndarray):
        raise ImageError(f"{path}: the file must hold a single array; got an archive of arrays")
    return array


def encode_image(path: Path, image: NDArray[Any]) -> bytes:
    """Return the bytes that `write_image` writes under this name.

    Raises
    ------
    ImageError
    """
    check_suffix(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return _npy_bytes(path, image)
    pixels = rgb_or_bgr(_storable(path, suffix, image))
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
        raise ImageError(
            f"{path}: `image` must have shape (H, W), (H, W, 3) or (H, W, 4); got {image.shape}"
        )
    if np.issubdtype(image.dtype, np.floating):
        # NaN fails this comparison too, and would otherwise be cast to an arbitrary grey.
        if not (image.min() >= 0 and image.max() <= 1):
            raise ImageError(
                f"{path}: floats must be in [0, 1] to store them as {suffix}; "
                f"got values from {image.min()} to {image.max()}"
            )
        return np.rint(image * np.float32(255)).astype(np.uint8, order="C")
    if image.dtype == np.uint8 or (image.dtype == np.uint16 and suffix in _DEEP_SUFFIXES):
        return np.ascontiguousarray(image)
    raise ImageError(f"{path}: {suffix} cannot hold {image.dtype} pixels")
