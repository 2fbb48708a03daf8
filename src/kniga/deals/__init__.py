"""Deals, their lines, pipelines and stages."""
