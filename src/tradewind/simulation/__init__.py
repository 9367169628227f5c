"""The simulated broker, its costs and its fills; backtest and paper alike."""
