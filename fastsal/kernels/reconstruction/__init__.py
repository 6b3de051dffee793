"""Morphological reconstruction by dilation of grey images (Vincent, IEEE TIP 1993)."""
