"""Reads tables out of files nobody here wrote: CSV, TSV and XLSX, recognised by content, streamed, bounded.

`open_table` looks at the whole file once (encoding, delimiter, header, dates, numbers) and returns a `Table`,
whose `rows()` streams it again. Nothing in here touches the database.
"""
