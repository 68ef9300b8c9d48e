"""The steps, one file each; the file is named as the step is (S6.1), the function is what it does."""
