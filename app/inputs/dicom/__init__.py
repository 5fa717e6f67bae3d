"""DICOM files to greyscale pictures (the standard's parts PS3.3, PS3.5 and PS3.10; docs/dicom.md).

The header is read here, not by a general library: only the two dozen elements that pixels depend on are ever looked
at, so that nothing of the patient can reach a message, and what a file of hostile structure costs is bounded.
"""
