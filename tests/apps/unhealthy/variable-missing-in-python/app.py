import os

print("booting", flush=True)
url = os.environ["DATABASE_URL"]
