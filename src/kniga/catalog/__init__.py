"""What we sell: products, units, prices."""
