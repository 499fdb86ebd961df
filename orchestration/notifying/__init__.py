"""What leaves the house: mails, Slack messages, and the digests of every morning."""
