"""What people are told, and what they may ask and order."""
