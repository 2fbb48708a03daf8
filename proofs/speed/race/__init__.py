"""What the race of engines is made of: the one sale all of them run, and a worker program for each of them."""
