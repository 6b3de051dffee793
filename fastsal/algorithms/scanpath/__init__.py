"""Where attention goes, one place after the other."""

from .api import scanpath as scanpath
