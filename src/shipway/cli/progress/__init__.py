"""A deployment followed in the terminal."""
