"""Where the bytes of pictures live: a folder of this machine, or an S3-compatible store, behind one contract."""
