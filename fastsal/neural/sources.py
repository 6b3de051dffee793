"""Where the checkpoint files of the networks come from."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """A network's name, the names of its checkpoint file, and the page of its authors."""

    title: str
    files: tuple[str, ...]  # names or patterns, the preferred one first
    page: str


SOURCES = {
    "tased": Source(
        "TASED-Net", ("TASED_updated.pt", "TASED*.pt"), "https://github.com/MichiganCOG/TASED-Net"
    ),
    "stra-net": Source(
        "STRA-Net",
        ("UHD_dcross_res_matt_res.h5", "UHD_dcross_res_matt_res*.h5"),
        "https://github.com/ashleylqx/STRA-Net",
    ),
    "stavis": Source(
        "STAViS", ("stavis_audiovisual.pth", "*stavis*.pth", "save_*.pth"),
        "http://cvsp.cs.ntua.gr/research/stavis",
    ),
}  # fmt: skip
