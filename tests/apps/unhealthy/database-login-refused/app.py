raise ConnectionError(
    'connection to server at "10.0.0.5", port 5432 failed: FATAL:  password authentication failed for user "app"'
)
