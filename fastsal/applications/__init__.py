"""Applications of saliency: quality of images, weighted by where people look."""

from .quality import ms_ssim as ms_ssim
from .quality import psnr as psnr
from .quality import ssim as ssim

__all__ = ["ms_ssim", "psnr", "ssim"]
