"""What people asked for over the API and only the machinery can do.

`handlers` says what is done for each kind; `worker` takes tasks one after the other and does them.
"""
