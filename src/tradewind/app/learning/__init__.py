"""Learning from what happened: baselines, reports of outcomes and drift, words for both."""
