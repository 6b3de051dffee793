"""Applications of saliency: quality of images where people look, and crops of the salient part."""

from .cropping import Crop as Crop
from .cropping import best_crop as best_crop
from .quality import ms_ssim as ms_ssim
from .quality import psnr as psnr
from .quality import ssim as ssim
from .smart_crop import SmartCrop as SmartCrop

__all__ = ["Crop", "SmartCrop", "best_crop", "ms_ssim", "psnr", "ssim"]
