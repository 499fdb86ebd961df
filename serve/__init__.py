"""The read API and the board's files: a client of published builds, never of the pipeline that made them."""
