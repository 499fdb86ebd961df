"""Emails and notes of tickets as messages: who wrote, to whom, when, and which of the words are the author's own.

`own_words` tells them from `quotes` and `signatures`, with `phrases` as the word lists; `automated` tells a person from a mail
system; `messages` makes rows of it all, for the tables of `tables`. Everything here is pure: the records come from
`ingestion.hubspot.reader` and the rows go to the loader.
"""
