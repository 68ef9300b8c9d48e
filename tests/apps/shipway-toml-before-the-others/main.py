"""Started by other files than the Procfile."""

import os
import time

print("this is the Procfile's web, on port", os.environ.get("PORT"))
time.sleep(60)
