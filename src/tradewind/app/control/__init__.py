"""What people order while the service runs."""
