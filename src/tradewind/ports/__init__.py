"""What the core needs from outside, as protocols. One adapter for the world, one for the simulator."""
