"""Image quality where people look, crops of the salient part, retargeting, and detection."""

from .cropping import Crop as Crop
from .cropping import best_crop as best_crop
from .detection import detect_salient as detect_salient
from .quality import ms_ssim as ms_ssim
from .quality import psnr as psnr
from .quality import ssim as ssim
from .retarget_stream import RetargetStream as RetargetStream
from .retargeting import retarget as retarget
from .smart_crop import SmartCrop as SmartCrop

__all__ = [
    "Crop",
    "RetargetStream",
    "SmartCrop",
    "best_crop",
    "detect_salient",
    "ms_ssim",
    "psnr",
    "retarget",
    "ssim",
]
