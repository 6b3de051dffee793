"""Process files of pictures and videos frame by frame, with progress and timing."""
