"""Compression, image quality, crops, retargeting and detection, guided by saliency."""

from .cropping import Crop as Crop
from .cropping import best_crop as best_crop
from .detection import detect_salient as detect_salient
from .image_compression import CompressionReport as CompressionReport
from .image_compression import compress_image as compress_image
from .quality import ms_ssim as ms_ssim
from .quality import psnr as psnr
from .quality import ssim as ssim
from .regions import as_addroi as as_addroi
from .regions import regions_of as regions_of
from .retarget_stream import RetargetStream as RetargetStream
from .retargeting import retarget as retarget
from .smart_crop import SmartCrop as SmartCrop
from .video_compression import VideoCompressionReport as VideoCompressionReport
from .video_compression import compress_video as compress_video
from .video_quality import VideoQuality as VideoQuality
from .video_quality import compare_videos as compare_videos

__all__ = [
    "CompressionReport",
    "Crop",
    "RetargetStream",
    "SmartCrop",
    "VideoCompressionReport",
    "VideoQuality",
    "as_addroi",
    "best_crop",
    "compare_videos",
    "compress_image",
    "compress_video",
    "detect_salient",
    "ms_ssim",
    "psnr",
    "regions_of",
    "retarget",
    "ssim",
]
