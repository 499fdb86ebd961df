"""`python -m churnboard`."""

from churnboard import main

main()
