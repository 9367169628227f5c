"""Parallel work behind ``ports.executor``: in this process, in processes of this machine, on a cluster."""
