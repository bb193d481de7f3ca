"""What knows no word of the domain: settings, database, unit of work, clock, errors, tables in and out."""
