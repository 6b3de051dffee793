"""Images reduced to the mean colours of near-square cells, on either backend."""
