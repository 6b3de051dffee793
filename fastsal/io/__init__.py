"""Images, videos and paths: readers, writers, atomic writes."""
