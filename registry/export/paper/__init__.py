"""Credentials on paper: the words, the rows and the layout of the certificate and the transcript."""
