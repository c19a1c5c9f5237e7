"""The editor in another browser engine than Chromium; `make test-system` runs these tests."""
