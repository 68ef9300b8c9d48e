"""The annotated `shipway.toml`, and its schema: what `shipway docs` prints."""
