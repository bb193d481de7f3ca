"""Worker processes: what they run (`main`), and every recurring job of the product (`schedule`)."""
