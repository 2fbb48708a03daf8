"""The book in words: stages, steps, deadlines and conditions for people, and what a version changed of them."""
