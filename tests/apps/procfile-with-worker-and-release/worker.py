import time

print("working", flush=True)
while True:
    time.sleep(60)
