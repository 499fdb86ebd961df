"""What is done with requests whatever they ask for: how many are let in, from which pages, and what is counted of them."""
