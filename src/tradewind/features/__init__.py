"""The feature bank: one recurrence per indicator, driven by stream and batch alike."""
