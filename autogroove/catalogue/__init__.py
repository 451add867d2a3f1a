"""Sources of audio, and the catalogue of their tracks."""
