"""Forms of web sites: kept by the head of sales, filled in by strangers."""
