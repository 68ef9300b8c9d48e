"""What the server can be asked, one file per resource, named as the server's own are (`api/routes`)."""
