"""The container's health check: request /health/ of the web server in this container, as its proxy would."""

from __future__ import annotations

import http.client
import os
import sys
from urllib.parse import urlsplit

origin = urlsplit(os.environ["ORIGIN"])
headers = {"Host": origin.netloc, "X-Forwarded-Proto": origin.scheme, "X-Forwarded-For": "127.0.0.1"}
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
connection.request("GET", "/health/", headers=headers)
response = connection.getresponse()
print(response.status, response.read().decode())
sys.exit(response.status != 200)
