"""The windows of fine-grained saliency."""

# How far they reach to the right and down; to the left and up it is one pixel less.
REACHES = (12, 24, 48, 28, 56, 112)
MARGIN = max(REACHES)  # columns that the table of sums repeats at either end
