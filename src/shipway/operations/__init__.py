"""What a user can ask for, one file per noun. Authorisation lives here, once: every entry (API, page, CLI) goes through."""
