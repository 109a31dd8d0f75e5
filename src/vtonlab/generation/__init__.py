"""Pictures from words: prompts and reference pictures, one at a time or in batches."""
