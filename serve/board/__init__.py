"""Churn-risk cards: what a build says about them, folded with what people did to them."""
