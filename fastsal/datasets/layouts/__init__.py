"""One module per data set: `find` says whether a folder is one, `read` returns its samples."""
