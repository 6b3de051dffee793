"""Live pictures: a camera's frames through a method and onto a screen, newest first."""
