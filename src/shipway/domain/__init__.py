"""Nouns and rules. Standard library only, no input or output: everything here can be understood and tested alone."""
