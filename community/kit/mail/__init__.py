"""Mail: queued in the transaction of its cause, written and sent after the commit, by SMTP or into a folder."""
