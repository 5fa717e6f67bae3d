"""DICOM files made of pictures, and what reading them gives and costs beside the pictures themselves."""
