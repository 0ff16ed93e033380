//! The lake: Delta tables on a local folder or S3. Opens, appends, compacts, retains.
