"""PyAV's encoders of H.264 and H.265 with regions that are finer or coarser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.filter
from av.video.reformatter import ColorRange, Colorspace

from .av_encoders import H264Encoder, Picture

if TYPE_CHECKING:
    from .audio import Sound

Region = tuple[float, float, float, float, float]  # x, y, width, height, offset
_FORMAT = "yuv420p"
_LONGEST_LOOKAHEAD = 60  # frames that the presets hold back at most, those of threads included


class RegionEncoder(H264Encoder):
    """Encodes frames with the regions that were set before each.

    Attributes
    ----------
    regions : sequence of (x, y, width, height, offset)
        Rectangles in pixels, for the next frame. If some overlap, the first one holds.
    """

    delay = _LONGEST_LOOKAHEAD

    def __init__(
        self,
        path: Path,
        fps: float,
        size: tuple[int, int],
        sound: Sound | None,
        sample_aspect_ratio: Fraction,
        *,
        codec: str,
        options: Mapping[str, str],
    ) -> None:
        self._codec, self._codec_options = codec, dict(options)
        self.regions: Sequence[Region] = ()
        self._graph: Any = None
        self._graph_regions: Sequence[Region] = ()
        super().__init__(path, fps, size, sound, sample_aspect_ratio)

    def _add_video(self) -> None:
        super()._add_video()
        # Those of the conversion from BGR; players would guess others for large frames.
        self._stream.codec_context.colorspace = Colorspace.ITU601
        self._stream.codec_context.color_range = ColorRange.MPEG
        if self._codec == "libx265":
            self._stream.codec_context.codec_tag = "hvc1"  # which players of Apple ask for

    def _encode(self, frame: Picture, tick: int, time_base: Fraction) -> None:
        picture: Any = av.VideoFrame.from_ndarray(frame, format="bgr24")
        picture = picture.reformat(format=_FORMAT)
        picture.pts, picture.time_base = tick, time_base
        if self.regions:
            if self._graph is None or self.regions != self._graph_regions:
                self._graph = self._graph_of(self.regions, time_base)
                self._graph_regions = self.regions
            self._graph.push(picture)
            picture = self._graph.pull()
        self._container.mux(self._stream.encode(picture))

    def _last_packets(self) -> list[Any]:
        packets = super()._last_packets()
        if self._count == 1:  # x265 gives the packet of a single frame no valid decoding time
            for packet in packets:
                packet.dts = packet.pts
        return packets

    def _graph_of(self, regions: Sequence[Region], time_base: Fraction) -> Any:
        """Return filters that attach regions to a frame without a copy of its pixels."""
        width, height = self._size
        graph = av.filter.Graph()
        last: Any = graph.add_buffer(
            width=width, height=height, format=av.VideoFormat(_FORMAT), time_base=time_base
        )
        for x, y, w, h, offset in regions:
            region = f"x={x:.0f}:y={y:.0f}:w={w:.0f}:h={h:.0f}:qoffset={offset:g}"
            added = graph.add("addroi", region)
            last.link_to(added)
            last = added
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph
