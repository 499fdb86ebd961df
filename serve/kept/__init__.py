"""Answers that are given again while nothing they rest on has changed."""
