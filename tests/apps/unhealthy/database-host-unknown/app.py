import socket
import sys

try:
    socket.create_connection(("db", 5432))
except socket.gaierror as error:
    sys.exit(f'psycopg2.OperationalError: could not translate host name "db" to address: {error.strerror}')
