"""What ends in the middle, with real processes; `make test-system` runs these tests."""
