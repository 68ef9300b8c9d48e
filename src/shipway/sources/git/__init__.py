"""Git repositories as a source: the `git` command, a cache of shallow repositories, and trees checked out of it."""
