"""What runs inside the site that is measured, with its settings, as a process of its own (`bench.testbed`)."""
