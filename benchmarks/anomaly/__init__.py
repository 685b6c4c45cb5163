"""Detectors compared: ranking of outliers, false alarms promised and measured."""
