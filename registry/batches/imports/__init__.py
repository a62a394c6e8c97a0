"""Imports: files that a clerk uploads on a page, has checked, corrects row by row, and hands over for release.

An import is a batch that is only checked (a dry run), with a row in `intake.imports`: its content stays on the disk as
long as that of a batch with refused rows. Corrections are stored beside it. Handing it over makes a batch of the rows
that are right, which a second person releases.
"""
