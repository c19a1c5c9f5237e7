"""What our figures are held against: applications that do as little as possible, run by the same server."""
