"""Where the values of environments' secrets are: sealed in the store, or in a Vault of somebody else's."""
