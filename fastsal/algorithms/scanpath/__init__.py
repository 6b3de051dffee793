"""Scan paths: the sequence of attended places."""

from .api import scanpath as scanpath
