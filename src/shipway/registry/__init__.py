"""The built-in private registry: distribution's server, supervised, with our token authorisation."""
