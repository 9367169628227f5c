"""What keeps a run alive for months: supervised tasks, schedule, health, logs, heartbeats."""
