"""Files, frames and what runs between them: pictures, videos, streams and their timing."""
