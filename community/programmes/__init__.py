"""Units, programmes, and the book: its format, its checks, its numbered versions."""
