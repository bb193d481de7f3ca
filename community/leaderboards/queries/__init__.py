"""Reading boards: values from the ledger, values as they are kept, and the rows that are shown."""
