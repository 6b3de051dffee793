"""Pictures of maps: overlays, views, boxes, grids."""
