"""How often something may be asked for: counted by `limits`, in Redis or in the database, the same in all processes."""
