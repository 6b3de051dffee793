"""The table of methods. The CLI, streams, the demo, benchmarks and tests read it."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

from . import images, runtime, validation

# Beginnings of the names of parameters that belong to one call, not to a stream of frames.
_PER_CALL = ("out", "return_")

_EVERYWHERE = {"backend", "channel_axis", "color"}

Kind = Literal["static", "motion", "objectness", "network"]


class Updatable(Protocol):
    """A method over a stream of frames."""

    def update(self, frame: Any, *, out: Any = None) -> Any:
        """Return the saliency map of the next frame."""

    def reset(self) -> None:
        """Forget all frames."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """One saliency method: a row of `METHODS`.

    Attributes
    ----------
    key : str
        Name of the method in `Stream` and on the command line.
    title : str
        Name of the method in words.
    summary : str
        Its result in a few words, for tables.
    kind : {"static", "motion", "objectness", "network"}
        "static" methods take each frame alone, "motion" methods compare frames, and "objectness"
        methods find boxes. A "network" is for videos and needs PyTorch and a checkpoint file.
    paper : str
        Authors, venue and year of the paper.
    function : str
        Name of the public function.
    dtypes : tuple of str
        Accepted dtypes of images, except float64, which is converted to float32.
    display_percentile : float or None
        Percentile of a map that pictures show as 1. None shows maps unchanged.
    delay : int
        Frames by which the maps of a stream lag behind.
    learns : int
        First frames of a stream that only teach the method. Their maps are not reliable.
    package, folder : str
        Where the method lies: fastsal.`folder`.`package`.
    state : str or None
        Name of the class for streams; None calls the function for each frame.
    independent_with : tuple of (str, object)
        Options with which maps of a class for streams do not depend on earlier frames.
    warmup : tuple of dict
        Options that compile other kernels than the defaults; `warmup` calls a stream with each.
    """

    key: str
    title: str
    summary: str
    kind: Kind
    paper: str
    function: str
    dtypes: tuple[str, ...] = tuple(name for name in images.DTYPES if name != "float64")
    package: str
    state: str | None = None
    # Pictures of maps that are mostly near 0 are brightened: this percentile is shown as 1.
    display_percentile: float | None = None
    delay: int = 0
    learns: int = 0
    folder: str = "algorithms"
    independent_with: tuple[tuple[str, Any], ...] = ()
    warmup: tuple[dict[str, Any], ...] = ()

    def is_independent(self, options: Mapping[str, Any]) -> bool:
        """Return whether the map of a frame depends on this frame alone."""
        if self.kind != "static":
            return False
        wanted = self.independent_with
        matches = all(options.get(name) == value for name, value in wanted)
        return self.state is None or (bool(wanted) and matches)

    def make(
        self,
        /,
        *,
        backend: runtime.Choice = "auto",
        color: images.Color = "rgb",
        channel_axis: int | None = -1,
        **options: Any,
    ) -> Updatable:
        """Return a new stream object; `options` are those of the method's function.

        A wrong `backend`, `color` or `channel_axis` raises here, not at the first frame.
        """
        is_network = self.kind == "network"
        device = runtime.chosen(backend)
        if not is_network:
            runtime.check_backend(device)
        images.check_color(color)
        images.check_channel_axis(channel_axis)
        maker = self.load(self.state or self.function)
        self.check_options(options)
        options.update(color=color, channel_axis=channel_axis)
        if is_network:
            options.setdefault("device", device)
        else:
            options["backend"] = backend
        has_state = is_network or self.state
        made: Updatable = maker(**options) if has_state else _FrameByFrame(maker, options)
        return made

    def check_options(self, names: Iterable[str]) -> None:
        """Raise TypeError if one of the names is no option of the method."""
        accepted = self.options()
        if unknown := sorted(set(names) - accepted.keys()):
            listed = ", ".join(sorted(accepted))
            takes = f"takes only the options {listed}" if listed else "takes no options"
            raise TypeError(f"method {self.key!r} {takes}; got {', '.join(unknown)}")

    def options(self) -> dict[str, Any]:
        """Return the options of the method for streams, with their defaults."""
        parameters = inspect.signature(self.load(self.state or self.function)).parameters
        return {
            name: each.default
            for name, each in parameters.items()
            if (each.kind is each.KEYWORD_ONLY or name == "weights")
            and name not in _EVERYWHERE
            and not name.startswith(_PER_CALL)
        }

    def load(self, name: str) -> Callable[..., Any]:
        """Import the method's package and return one of its names."""
        found: Callable[..., Any] = getattr(
            importlib.import_module(f"{__package__}.{self.folder}.{self.package}"), name
        )
        return found


class _FrameByFrame:
    """Call a function for every frame of a stream."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self._function = function
        self._options = options

    def update(self, frame: Any, *, out: Any = None) -> Any:
        return self._function(frame, out=out, **self._options)

    def reset(self) -> None:
        """Do nothing: there is no state."""


_SUPERPIXELS: tuple[dict[str, Any], ...] = ({"slic": "fast"}, {"smooth": True})

_network = partial(Method, kind="network", dtypes=("uint8",), package="api", folder="neural")

_ROWS = (
    Method(
        key="lc",
        title="Luminance contrast",
        summary="mean grey-level difference to all pixels",
        kind="static",
        paper="Zhai and Shah, ACM Multimedia 2006",
        function="luminance_contrast",
        package="luminance_contrast",
    ),
    Method(
        key="fine-grained",
        title="Fine-grained saliency",
        summary="centre-surround differences at six sizes",
        kind="static",
        paper="Montabone and Soto, Image and Vision Computing 2010",
        function="fine_grained",
        package="fine_grained",
    ),
    Method(
        key="spectral-residual",
        title="Spectral residual",
        summary="log-amplitude minus its mean",
        kind="static",
        paper="Hou and Zhang, CVPR 2007",
        function="spectral_residual",
        package="spectral_residual",
    ),
    Method(
        key="itti-koch",
        title="Itti-Koch saliency",
        summary="intensity, colour and orientation contrast over a pyramid",
        kind="static",
        paper="Itti, Koch and Niebur, IEEE TPAMI 1998",
        function="itti_koch",
        package="itti_koch",
    ),
    Method(
        key="center-surround",
        title="Centre-surround contrast",
        summary="centre-surround contrast of opponent colours (VOCUS2)",
        kind="static",
        paper="Frintrop, Werner and Martin Garcia, CVPR 2015",
        function="center_surround",
        package="center_surround",
    ),
    Method(
        key="signature",
        title="Image signature",
        summary="squared inverse DCT of the signs of the DCT",
        kind="static",
        paper="Hou, Harel and Koch, IEEE TPAMI 2012",
        function="image_signature",
        package="image_signature",
    ),
    Method(
        key="boolean-map",
        title="Boolean map saliency",
        summary="regions that the border does not reach, at all thresholds",
        kind="static",
        paper="Zhang and Sclaroff, IEEE TPAMI 2016",
        function="boolean_map",
        package="boolean_map",
        state="BooleanMaps",
        independent_with=(("bars", "keep"),),  # otherwise bars are found in the first frames
    ),
    Method(
        key="whitened",
        title="Whitened differences of Gaussians",
        summary="length of whitened differences of Gaussians",
        kind="static",
        paper="after Garcia-Diaz et al., Image and Vision Computing 2012",
        function="whitened",
        package="whitened",
    ),
    Method(
        key="minimum-barrier",
        title="Minimum barrier distance",
        summary="minimum barrier distance to the image border",
        kind="static",
        paper="Zhang et al., ICCV 2015",
        function="minimum_barrier",
        package="minimum_barrier",
    ),
    Method(
        key="superpixel",
        title="Superpixel contrast",
        summary="superpixels of rare, compact colours",
        kind="static",
        paper="Perazzi et al., CVPR 2012",
        function="superpixel_contrast",
        package="superpixel_contrast",
        state="SuperpixelContrast",
        warmup=_SUPERPIXELS,
        display_percentile=95,
    ),
    Method(
        key="frame-difference",
        title="Frame differencing",
        summary="difference of two grey frames",
        kind="motion",
        paper="Jain and Nagel, IEEE TPAMI 1979",
        function="frame_difference",
        package="frame_difference",
        state="FrameDifference",
    ),
    Method(
        key="flow",
        title="Optical flow against the camera's motion",
        summary="optical flow minus the estimated camera motion",
        kind="motion",
        paper="inverse search: Kroeger et al., ECCV 2016",
        function="flow_saliency",
        package="flow_saliency",
        state="FlowSaliency",
    ),
    Method(
        key="bin-wang",
        title="Self-tuning background subtraction",
        summary="background subtraction; learns for 51 frames",
        kind="motion",
        paper="Wang and Dudek, CVPR Workshop on Change Detection 2014",
        function="BinWang",
        package="bin_wang",
        state="BinWangMaps",
        learns=51,
    ),
    Method(
        key="superpixel-motion",
        title="Superpixel contrast against the last frame",
        summary="contrast of superpixels to the last frame",
        kind="motion",
        paper="after Perazzi et al., CVPR 2012",
        function="superpixel_contrast",
        package="superpixel_contrast",
        state="SuperpixelMotion",
        warmup=_SUPERPIXELS,
        display_percentile=95,
    ),
    Method(
        key="superpixel-change",
        title="Change of superpixel contrast",
        summary="increase of superpixel contrast to the last frame",
        kind="motion",
        paper="after Perazzi et al., CVPR 2012",
        function="superpixel_change",
        package="superpixel_contrast",
        state="SuperpixelChange",
        warmup=_SUPERPIXELS,
        display_percentile=95,
    ),
    Method(
        key="bing",
        title="Binarised normed gradients",
        summary="thousands of box proposals for objects, best first",
        kind="objectness",
        paper="Cheng, Zhang, Lin and Torr, CVPR 2014",
        function="bing",
        package="bing",
        state="BingMaps",
    ),
    _network(
        key="tased",
        title="TASED-Net",
        summary="network: encoder and decoder over 32 frames",
        paper="Min and Corso, ICCV 2019",
        function="tased",
    ),
    _network(
        key="stra-net",
        title="STRA-Net",
        summary="network: residual attention and memory over frames and their flow",
        paper="Lai, Wang, Sun and Shen, IEEE TIP 2020",
        function="stra_net",
    ),
    _network(
        key="stavis",
        title="STAViS",
        summary="network: 16 frames and their sound",
        paper="Tsiami, Koutras and Maragos, CVPR 2020",
        function="stavis",
        delay=7,
    ),
)

DEFAULT = "boolean-map"  # of the command line and the live view: the most accurate one


class Methods(Mapping[str, Method]):
    """The saliency methods by key; prints as a table."""

    def __init__(self, rows: Iterable[Method]) -> None:
        self._rows = {row.key: row for row in rows}

    def __getitem__(self, key: str) -> Method:
        """Return the method of a key."""
        return self._rows[key]

    def __iter__(self) -> Iterator[str]:
        """Return an iterator over the keys."""
        return iter(self._rows)

    def __len__(self) -> int:
        """Return the number of methods."""
        return len(self._rows)

    def __repr__(self) -> str:
        """Return the table as text."""
        cells = [("key", "kind", "function", "computes")]
        cells += [(row.key, row.kind, row.function, row.summary) for row in self.values()]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return "\n".join(
            "  ".join(map(str.ljust, each, widths)).rstrip() for each in cells
        )  # fmt: skip


METHODS = Methods(_ROWS)

# The methods that need no file from elsewhere.
BUILT_IN: Mapping[str, Method] = Methods(row for row in _ROWS if row.kind != "network")


def method_of(key: str) -> Method:
    """Return the row of `key`, or raise ValueError with a list of the keys."""
    if key not in METHODS:
        suggestion = _suggestion(str(key))
        hint = f"; did you mean {suggestion}?" if suggestion else ""
        got = validation.shown(key)
        raise ValueError(f"`method` must be {validation.joined(METHODS)}; got {got}{hint}")
    return METHODS[key]


def _suggestion(name: str) -> str | None:
    """Return the key nearest to a misspelt key or to the name of a function."""
    import difflib  # 1 ms that only mistakes cost

    functions = {_as_key(row.function): row.key for row in reversed(_ROWS)}
    known = functions | {key: key for key in METHODS}
    near = difflib.get_close_matches(_as_key(name), known, n=1)
    return known[near[0]] if near else None


def _as_key(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def options_from(texts: Iterable[str]) -> dict[str, Any]:
    """Return options of a method from texts such as "size=64"; values are read as Python's."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ValueError(
                "an option of a method must be name=value, as in itti-koch:preset=fixation; "
                f"got {text!r}"
            )
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found
