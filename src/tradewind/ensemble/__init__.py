"""From standing votes to one calibrated answer."""
