"""Documents as files: PDF set by typst, DOCX for those who go on writing in it."""
