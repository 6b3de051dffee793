"""The live session in a browser: its camera, its screen, and the method here."""
