"""Area means: images reduced to bytes by exact integer arithmetic, on either backend."""
