import socket
import time

while True:
    try:
        socket.create_connection(("localhost", 6379))
    except OSError as error:
        print(f"Error {error.errno} connecting to localhost:6379. Connection refused.", flush=True)
        time.sleep(0.5)
